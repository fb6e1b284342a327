using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Transforms the columns that the spec names, between the first pass over a table and the others:
/// <code>
/// rows as read ──log, log1p, difference──▶ rows that are standardised
/// </code>
/// A difference is one of two rows that follow each other in time, in one series. The first row of a series has none: it is no target, as
/// an input it is 0 after standardising, the mean, and it does not count in the statistics. A difference of which a value is missing is
/// missing.
/// </summary>
internal sealed class TableTransforms
{
    private readonly TableSource _source;
    private readonly (string Name, int Column, ColumnTransform Kind)[] _all;
    private readonly (long Count, long Place, double Value)[] _outside;
    private readonly HashSet<(int Column, int Series)> _noFirst = [];
    private readonly List<double>[] _last;
    private string? _tooLarge;

    /// <summary>The transforms of the columns that are read.</summary>
    public TableTransforms(TableSource source, IReadOnlyList<ChosenColumn> chosen)
    {
        _source = source;

        // A column that is neither input nor target is refused later.
        _all =
        [
            .. chosen.Index().Where(one => one.Item.Type == CellType.Number)
                .Join(source.Transform.Pairs, one => one.Item.Name, pair => pair.Key, (one, pair) => (pair.Key, one.Index, pair.Value)),
        ];
        _outside = new (long, long, double)[_all.Length];
        _last = [.. _all.Select(_ => new List<double>())];
    }

    /// <summary>Whether the first row of a series has a value in a column of differences, and no difference.</summary>
    public bool LacksFirst(int column, int series) => IsDifference(column) && !_noFirst.Contains((column, series));

    /// <summary>Whether a column is one of differences.</summary>
    public bool IsDifference(int column) => _all.Any(one => one.Column == column && one.Kind == ColumnTransform.Difference);

    /// <summary>Looks for values that have no logarithm, in rows as they are read.</summary>
    public void Look(TableBlock block)
    {
        for (int i = 0; i < _all.Length; i++)
        {
            if (_all[i].Kind == ColumnTransform.Difference)
                continue;
            double least = Least(_all[i].Kind);
            ReadOnlySpan<double> cells = block.Column(_all[i].Column)[..block.Rows];
            for (int row = 0; row < cells.Length; row++)
            {
                if (!(cells[row] <= least))
                    continue;
                if (_outside[i].Count++ == 0)
                    (_outside[i].Place, _outside[i].Value) = (block.Places[row], cells[row]);
            }
        }
    }

    /// <summary>Adds the problems of values without a logarithm.</summary>
    public void Check(TableReader reader, ProblemList problems)
    {
        foreach (var ((name, _, kind), (count, place, value)) in _all.Zip(_outside))
        {
            if (count == 0)
                continue;
            bool isZero = kind == ColumnTransform.Log && value == 0;
            problems.Add(
                DataKeys.Transform,
                FormattableString.Invariant($"{value} in column {Wording.Quote(name)} at {reader.Describe(place)}")
                + (count > 1 ? $", as in {Wording.Count(count - 1, "further row")}" : ""),
                $"numbers greater than {Least(kind)}, because others have no logarithm",
                isZero ? $"write {name}: log1p, which is ln(1 + x), or leave the column out of data.transform"
                    : "leave the column out of data.transform, or correct it");
        }
    }

    /// <summary>Transforms all rows, in the order of time; others that come later follow on them.</summary>
    /// <param name="raw">The rows as they were read; then as they are standardised.</param>
    /// <param name="block">Room for a block of them.</param>
    /// <param name="order">The series of each row, and the order of time.</param>
    /// <param name="tallies">What was met in each column that is no number.</param>
    /// <param name="seen">Receives each block before it is transformed.</param>
    /// <param name="problems">Collects the problems.</param>
    public void Apply(
        RawTable raw, TableBlock block, RowOrder order, IReadOnlyList<ColumnTally> tallies, Action seen, ProblemList problems)
    {
        foreach (var (name, column, kind) in _all)
        {
            if (kind == ColumnTransform.Difference && _source.MissingValues == MissingValues.Interpolate && tallies[column].Missing > 0)
            {
                problems.Add(
                    DataKeys.MissingValues, $"interpolate with {Wording.Count(tallies[column].Missing, "missing cell")} in column "
                    + $"{Wording.Quote(name)}, whose differences are taken", "mask or forward", "change it, or fill the cells in the file");
            }
        }

        problems.ThrowIfAny();
        if (_all.Length == 0)
            return;
        int before = _last[0].Count;
        foreach (List<double> last in _last)
            last.AddRange(Enumerable.Repeat(double.NaN, order.Rows.Count - last.Count));
        bool[][] begun = [.. _all.Select(_ => Enumerable.Range(0, order.Rows.Count).Select(series => series < before).ToArray())];
        bool isBackwards = order.IsNewestFirst;
        for (int i = 0; i < raw.Blocks; i++)
        {
            int index = isBackwards ? raw.Blocks - 1 - i : i;
            raw.Read(index, block);
            seen();
            for (int one = 0; one < _all.Length; one++)
            {
                Span<double> cells = block.Column(_all[one].Column)[..block.Rows];
                if (_all[one].Kind == ColumnTransform.Difference)
                    Difference(cells, block, order, _all[one].Column, _last[one], begun[one], isBackwards);
                else
                    Logarithm(cells, _all[one].Kind);
                if (_tooLarge is null && cells.ContainsAny(double.PositiveInfinity, double.NegativeInfinity))
                    _tooLarge = _all[one].Name;
            }

            raw.Replace(index, block);
        }

        if (_tooLarge is not null)
        {
            problems.Add(
                DataKeys.Transform, $"a difference in column {Wording.Quote(_tooLarge)} beyond the range of float32", "smaller numbers",
                "scale the column in the file");
        }
    }

    /// <summary>Puts the mean in the place of the differences that the first rows of series do not have.</summary>
    /// <param name="table">The rows as they are trained on.</param>
    /// <param name="read">For each column of the table, its index among those that are read.</param>
    /// <param name="order">The rows of each series.</param>
    public void FillFirst(FloatTable table, IReadOnlyList<int> read, RowOrder order)
    {
        long start = 0;
        for (int series = 0; series < order.Rows.Count; start += order.Rows[series], series++)
        {
            for (int column = 0; column < read.Count; column++)
            {
                if (order.Rows[series] > 0 && LacksFirst(read[column], series))
                    table.Write(start, [0], column);
            }
        }
    }

    private static double Least(ColumnTransform kind) => kind == ColumnTransform.Log1P ? -1 : 0;

    private static void Logarithm(Span<double> cells, ColumnTransform kind)
    {
        foreach (ref double cell in cells)
            cell = kind == ColumnTransform.Log ? PortableLogarithm.Of(cell) : PortableLogarithm.OfOnePlus(cell);
    }

    private void Difference(
        Span<double> cells, TableBlock block, RowOrder order, int column, List<double> last, bool[] begun, bool isBackwards)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            int row = isBackwards ? cells.Length - 1 - i : i, series = order.SeriesOf(block, row);
            double before = last[series], value = cells[row];
            if (double.IsNaN(value) && _source.MissingValues == MissingValues.Forward)
                value = before;
            if (!begun[series] && double.IsNaN(value))
                _noFirst.Add((column, series));
            (last[series], begun[series]) = (value, true);
            double difference = value - before;
            cells[row] = Math.Abs(difference) > float.MaxValue ? double.PositiveInfinity : difference;
        }
    }
}
