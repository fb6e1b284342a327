using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Appends rows to a table as they are trained on, each filled from the one before it in its series, as <see cref="TableScan.Fill"/> fills
/// all rows at once.
/// </summary>
/// <param name="source">Says how to fill.</param>
/// <param name="scan">Has read the rows.</param>
/// <param name="table">The table.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class RowAppender(TableSource source, TableScan scan, FloatTable table, ProblemList problems)
{
    private readonly bool _fills = source.MissingValues != MissingValues.Mask;

    /// <summary>The last row of each series, as it is trained on: <c>[series × Width]</c>; NaN for none.</summary>
    private readonly List<float> _last = [];
    private readonly List<bool> _hasBegun = [];

    /// <summary>Begins behind the rows that the table has, series by series.</summary>
    public void Begin()
    {
        var starts = new RowPlaces(scan.Order.Rows, isNewestFirst: false).Starts;
        for (int series = 0; series < starts.Count; series++)
        {
            AddSeries();
            if (_hasBegun[series] = scan.Order.Rows[series] > 0)
                table.Read(starts[series] + scan.Order.Rows[series] - 1, Last(series));
        }
    }

    /// <summary>Appends the rows that the scan has read last, in the order of the file.</summary>
    /// <param name="statistics">Standardises the columns of numbers.</param>
    /// <param name="categories">The columns of classes.</param>
    /// <param name="histograms">Take the values of each column of numbers as they were read; empty where they have them.</param>
    /// <param name="taken">Is called with the series of each row.</param>
    /// <exception cref="SpecException">A gap has nothing before it; or a series has no lane.</exception>
    /// <exception cref="TemporaryFileException">There is no room on disk.</exception>
    public void Append(
        ColumnStatistics statistics, IReadOnlyList<CategoryColumn> categories, IReadOnlyList<ColumnHistogram> histograms,
        Action<int> taken) => scan.EachBlock(block =>
    {
        float[] rows = new float[block.Rows * table.Width];
        UsedColumns used = scan.Used;
        for (int column = 0; column < used.Read.Count; column++)
        {
            ReadOnlySpan<double> cells = block.Column(used.Read[column])[..block.Rows];
            if (histograms.Count > 0)
                histograms[column].Add(cells);
            for (int row = 0, at = column; row < cells.Length; row++, at += table.Width)
                rows[at] = statistics.Scale(statistics.IsPerSeries ? scan.Order.SeriesOf(block, row) : 0, column, cells[row]);
        }

        foreach (var (i, category) in categories.Index())
        {
            ReadOnlySpan<double> codes = block.Column(category.Read)[..block.Rows];
            for (int row = 0, at = used.Read.Count + i; row < codes.Length; row++, at += table.Width)
                rows[at] = category.NumberOf(codes[row]);
        }

        for (int row = 0; row < block.Rows; row++)
        {
            int series = scan.Order.SeriesOf(block, row);
            Fill(rows.AsSpan(row * table.Width, table.Width), series);
            taken(series);
        }

        problems.ThrowIfAny();
        table.Append(rows);
    });

    private void Fill(Span<float> row, int series)
    {
        while (_hasBegun.Count <= series)
            AddSeries();
        Span<float> last = Last(series);
        for (int column = 0; column < scan.Used.Read.Count; column++)
        {
            if (!float.IsNaN(row[column]))
                continue;
            if (!_hasBegun[series] && scan.LacksFirst(scan.Used.Read[column], series))
            {
                row[column] = 0;
                continue;
            }

            if (!_fills)
                continue;
            row[column] = last[column];
            if (float.IsNaN(row[column]) && problems.IsEmpty)
            {
                problems.Add(
                    DataKeys.MissingValues,
                    $"no value of {Wording.Quote(scan.Used.Names[column])} in the first row of {scan.Order.NameOf(series)}",
                    "a first value, which is carried on", "remove the rows before the first value, or leave the column out");
            }
        }

        row.CopyTo(last);
        _hasBegun[series] = true;
    }

    private void AddSeries()
    {
        _hasBegun.Add(false);
        _last.AddRange(Enumerable.Repeat(float.NaN, table.Width));
    }

    private Span<float> Last(int series) => CollectionsMarshal.AsSpan(_last).Slice(series * table.Width, table.Width);
}
