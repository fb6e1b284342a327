using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Streams;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The rows of a table that are forecast from: every row of every series, less those that were carried over and forecast from before, and
/// those that lack what lies ahead.
/// <code>
/// series 0 |carried: done|carried: waiting|---- new rows ----|horizon|   series 1 |…
///                        |---- forecast from ----------------|
/// </code>
/// </summary>
internal sealed class ForecastCut
{
    private readonly IReadOnlyDictionary<string, SeriesEnd> _before;

    private ForecastCut(IReadOnlyDictionary<string, SeriesEnd> before, StreamRows rows, IReadOnlyList<long> firstRows) =>
        (_before, Rows, FirstRows) = (before, rows, firstRows);

    /// <summary>The rows of each sequence.</summary>
    public StreamRows Rows { get; }

    /// <summary>How many rows of its series come before each sequence.</summary>
    public IReadOnlyList<long> FirstRows { get; }

    /// <summary>Cuts a table.</summary>
    /// <param name="source">Its columns.</param>
    /// <param name="order">Its series, with the rows that were carried over.</param>
    /// <param name="before">Where its series ended, by their names.</param>
    public static ForecastCut Of(TableSource source, RowOrder order, IReadOnlyDictionary<string, SeriesEnd> before)
    {
        List<long> starts = [], firstRows = [];
        List<int> lengths = [], series = [];
        var count = CarriedCount.Of(source);
        long start = 0;
        for (int one = 0; one < order.Rows.Count; start += order.Rows[one], one++)
        {
            SeriesEnd? end = before.GetValueOrDefault(NameOf(order, one));
            int carried = end?.LastRows.Count ?? 0, done = count.DoneOf(carried);
            long length = order.Rows[one] - done - count.Waiting;
            if (order.Rows[one] == carried || length <= 0)
                continue;
            starts.Add(start + done);
            firstRows.Add((end?.Rows ?? 0) - carried + done);
            lengths.Add(checked((int)length));
            series.Add(one);
        }

        return new(before, new(starts, lengths) { Series = series }, firstRows);
    }

    /// <summary>The series that have new rows.</summary>
    /// <param name="order">The series.</param>
    /// <param name="instants">The time of each row; null where rows have none.</param>
    /// <param name="columns">The columns that were read.</param>
    /// <param name="lastRows">The last rows of each series, in these columns.</param>
    public IReadOnlyList<SeriesRows> Series(
        RowOrder order, FloatTable? instants, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string?[]>> lastRows)
    {
        var all = new List<SeriesRows>();
        var sequences = Rows.Series.Index().ToDictionary(one => one.Item, one => one.Index);
        long start = 0;
        for (int one = 0; one < order.Rows.Count; start += order.Rows[one], one++)
        {
            string name = NameOf(order, one);
            SeriesEnd? end = _before.GetValueOrDefault(name);
            int carried = end?.LastRows.Count ?? 0;
            if (order.Rows[one] == carried)
                continue;
            double? first = InstantAt(instants, start + carried), last = InstantAt(instants, start + order.Rows[one] - 1);
            all.Add(new(
                sequences.TryGetValue(one, out int sequence) ? sequence : null, first, first is { } from ? order.Show(from) : null,
                new(name, (end?.Rows ?? 0) + order.Rows[one] - carried, last, last is { } to ? order.Show(to) : null)
                {
                    Columns = lastRows[one].Count > 0 ? columns : [], LastRows = lastRows[one],
                }));
        }

        return all;
    }

    /// <summary>The time steps that are forecast from, in the order of the rows that made that possible.</summary>
    /// <param name="source">The table's columns.</param>
    /// <param name="seriesOfRows">The series of each row, in the order in which they came.</param>
    /// <param name="series">How many series there are.</param>
    public IReadOnlyList<(int Sequence, int Step)> Arrivals(TableSource source, IReadOnlyList<int> seriesOfRows, int series)
    {
        var sequences = Enumerable.Repeat(-1, series).ToArray();
        foreach (var (sequence, one) in Rows.Series.Index())
            sequences[one] = sequence;

        // A row makes the one possible for which it is the last of those ahead that it waits for; the carried rows made theirs before.
        var seen = Enumerable.Repeat(-CarriedCount.Of(source).Waiting, series).ToArray();
        var all = new List<(int, int)>();
        var starts = FirstSteps(seriesOfRows, series);
        foreach (int one in seriesOfRows)
        {
            int step = seen[one]++ - starts[one];
            if (sequences[one] >= 0 && step >= 0)
                all.Add((sequences[one], step));
        }

        return all;
    }

    /// <summary>The first row of each series that is forecast from, among its rows.</summary>
    private int[] FirstSteps(IReadOnlyList<int> seriesOfRows, int series)
    {
        var rows = new int[series];
        foreach (int one in seriesOfRows)
            rows[one]++;
        var firsts = new int[series];
        long start = 0;
        for (int one = 0, sequence = 0; one < series; start += rows[one], one++)
        {
            if (sequence < Rows.Series.Count && Rows.Series[sequence] == one)
                firsts[one] = (int)(Rows.Starts[sequence++] - start);
        }

        return firsts;
    }

    private static string NameOf(RowOrder order, int series) => order.Names.Count == 0 ? "" : order.Names[series];

    private static double? InstantAt(FloatTable? instants, long row)
    {
        if (instants is null)
            return null;
        Span<double> time = stackalloc double[1];
        instants.Read(row, MemoryMarshal.Cast<double, float>(time));
        return time[0];
    }
}
