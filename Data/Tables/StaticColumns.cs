using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>Looks whether the columns that are the same in all rows of a series are so. A missing cell is no other value.</summary>
/// <param name="source">Names them.</param>
/// <param name="chosen">The columns that are read.</param>
internal sealed class StaticColumns(TableSource source, IReadOnlyList<ChosenColumn> chosen)
{
    private readonly int[] _columns =
    [
        .. source.Static.Select(name => chosen.Index().First(one => one.Item.Name == name && !one.Item.Type.IsTime()).Index),
    ];

    private readonly List<double[]> _known = [];
    private readonly Dictionary<int, (long Place, int Series)> _changes = [];

    /// <summary>Takes the next rows.</summary>
    public void Look(TableBlock block, RowOrder order)
    {
        for (int row = 0; _columns.Length > 0 && row < block.Rows; row++)
        {
            int series = order.LastSeries[row];
            if (series < 0)
                continue;
            while (_known.Count <= series)
                _known.Add([.. Enumerable.Repeat(double.NaN, _columns.Length)]);
            for (int i = 0; i < _columns.Length; i++)
            {
                double value = block.Column(_columns[i])[row];
                if (double.IsNaN(value))
                    continue;
                ref double known = ref _known[series][i];
                if (!double.IsNaN(known) && known != value)
                    _changes.TryAdd(i, (block.Places[row], series));
                known = value;
            }
        }
    }

    /// <summary>Adds the problem of columns that change within a series.</summary>
    public void Check(TableReader reader, RowOrder order, ProblemList problems)
    {
        foreach (var (i, (place, series)) in _changes.OrderBy(change => change.Value.Place))
        {
            problems.Add(
                DataKeys.Static,
                $"{Wording.Quote(source.Static[i])}, which changes within the series {order.NameOf(series)} at {reader.Describe(place)}",
                "a column that is the same in all rows of a series",
                "remove it from data.static, or write it into data.known if its values are known ahead");
        }
    }
}
