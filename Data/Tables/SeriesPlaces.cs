using Orleans.Tbptt.Data.Plan;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Where the rows of series lie in a table to which rows of any of them are appended:
/// <code>
/// | series 0 | series 1 | series 2 | 1 0 0 2 1 …        as it was opened, series by series; behind that, as they came
/// </code>
/// </summary>
/// <param name="rows">Rows of each series as it was opened.</param>
internal sealed class SeriesPlaces(IReadOnlyList<long> rows)
{
    private readonly IReadOnlyList<long> _starts = new RowPlaces(rows, isNewestFirst: false).Starts;
    private readonly List<AppendedList> _later = [];

    /// <summary>Appends a row of a series.</summary>
    public void Add(int series, long row)
    {
        while (_later.Count <= series)
            _later.Add(new());
        _later[series].Add(row);
    }

    /// <summary>The rows that there are now, series by series; others that come do not change them.</summary>
    /// <param name="table">The table.</param>
    /// <param name="counts">Rows of each series.</param>
    public IFloatRows Of(FloatTable table, IReadOnlyList<long> counts) => new View(this, table, counts, [.. _later]);

    private sealed class View(SeriesPlaces places, FloatTable table, IReadOnlyList<long> counts, AppendedList[] later) : IFloatRows
    {
        private readonly long[] _starts = [.. new RowPlaces(counts, isNewestFirst: false).Starts];

        public int Width => table.Width;

        /// <summary>Reads rows of one series; its rows stand one after the other here.</summary>
        public void Read(long row, Span<float> destination)
        {
            int at = Array.BinarySearch(_starts, row), series = at < 0 ? ~at - 1 : at;

            // A series without rows begins where the next one does.
            while (series + 1 < _starts.Length && _starts[series + 1] <= row)
                series++;
            long first = row - _starts[series], opened = series < places.Opened.Count ? places.Opened[series] : 0;
            int together = (int)Math.Clamp(opened - first, 0, destination.Length / Width);
            if (together > 0)
                table.Read(places._starts[series] + first, destination[..(together * Width)]);
            for (int i = together; i * Width < destination.Length; i++)
                table.Read(later[series][(int)(first + i - opened)], destination.Slice(i * Width, Width));
        }
    }

    private IReadOnlyList<long> Opened => rows;
}
