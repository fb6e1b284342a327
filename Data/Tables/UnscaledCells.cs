using System.Globalization;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Values of columns of which the rows that a model was trained on have none, in all series or in the one of the row: nothing is known that
/// would scale them, and the model has learned nothing of them.
/// </summary>
internal sealed class UnscaledCells
{
    private readonly TableSource _source;
    private readonly (int Read, string Name)[] _columns;
    private readonly HashSet<(string? Series, string Column)> _unscaled;
    private readonly Dictionary<(int Column, int Series), (long Place, double Value, long Count)> _found = [];
    private RowOrder? _order;

    /// <summary>Looks at nothing yet.</summary>
    /// <param name="source">Says whose statistics scale.</param>
    /// <param name="trained">What was trained on.</param>
    /// <param name="chosen">The columns that are read.</param>
    public UnscaledCells(TableSource source, SourceDescription trained, IReadOnlyList<ChosenColumn> chosen)
    {
        _source = source;

        // A description without any scale is of columns that are trained on as they are.
        ColumnDescription[] scaled = [.. trained.Columns.Where(column => column.Classes.Count == 0)
            .Where(column => column.Series is not null == (source.Scale == TableScale.Series))];
        _unscaled = scaled.All(column => column.ScaleMean is null) ? []
            : [.. scaled.Where(column => column.ScaleMean is null).Select(column => (column.Series, column.Name))];
        HashSet<string> names = [.. _unscaled.Select(one => one.Column)];
        _columns = [.. chosen.Index().Where(one => one.Item.Type == CellType.Number && names.Contains(one.Item.Name))
            .Select(one => (one.Index, one.Item.Name))];
    }

    /// <summary>Looks at the next rows.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="order">Has taken them.</param>
    public void Look(TableBlock block, RowOrder order)
    {
        _order = order;
        foreach (var (read, name) in _columns)
        {
            ReadOnlySpan<double> cells = block.Column(read)[..block.Rows];
            for (int row = 0; row < cells.Length; row++)
            {
                int series = _source.Scale == TableScale.Series ? order.LastSeries[row] : 0;
                if (double.IsNaN(cells[row]) || series < 0
                    || !_unscaled.Contains((_source.Scale == TableScale.Series ? order.Names[series] : null, name)))
                {
                    continue;
                }

                var (place, value, count) = _found.GetValueOrDefault((read, series), (block.Places[row], cells[row], 0));
                _found[(read, series)] = (place, value, count + 1);
            }
        }
    }

    /// <summary>Adds the problem of each column and series.</summary>
    public void Check(TableReader reader, ProblemList problems)
    {
        foreach (var ((read, series), (place, value, count)) in _found)
        {
            string column = Wording.Quote(_columns.First(one => one.Read == read).Name);
            bool isOfSeries = _source.Scale == TableScale.Series;
            string of = isOfSeries ? $" of series {_order!.NameOf(series)}" : "";
            problems.AddInFile(_source.Path, () => new(
                DataKeys.Source,
                $"{value.ToString(CultureInfo.InvariantCulture)} in column {column}{of} at {reader.Describe(place)}"
                + (count > 1 ? $", the first of {count} values" : ""),
                "no value, because the rows that the model was trained on have none"
                + $"{(isOfSeries ? " in this series" : "")} that would scale it",
                isOfSeries ? "leave these cells empty, or train with data.scale: column"
                    : "leave these cells empty, or train without the column"));
        }
    }
}
