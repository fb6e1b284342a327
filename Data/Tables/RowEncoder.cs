using System.Globalization;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Encodes single rows of a table for a trained model, to the same bits as <see cref="IForecastData"/> reads them from a file; and brings
/// the model's outputs back to the units of their columns. What a row's inputs have of the row before, differences and cells that are
/// filled, is carried by the caller: <see cref="Begin"/>, <see cref="Encode"/>, <see cref="Carry"/>.
/// </summary>
/// <remarks>
/// Thread-safe. Columns of <c>data.known</c> are read from the row that is forecast: a row has their cells of that row, and calls them so,
/// such as <c>promotion +1</c>.
/// </remarks>
public sealed class RowEncoder
{
    /// <summary>In the place of a cell of the row before, where there is none.</summary>
    private const double NoRow = double.PositiveInfinity;

    private readonly Number[] _numbers;
    private readonly bool _isForward;
    private readonly int[] _flagged;
    private readonly Category[] _categories;
    private readonly int _series;
    private readonly ColumnStatistics _scale;
    private readonly PredictedColumns _predicted;
    private readonly Dictionary<string, (ColumnStatistics Scale, PredictedColumns Predicted)> _ofSeries = new(StringComparer.Ordinal);

    private RowEncoder(TableSource source, LossSpec loss, SourceDescription trained)
    {
        string[] numbers =
        [
            .. source.Inputs.Except(source.Categorical)
                .Union(source.Known.Concat(source.Static).Except(source.Categorical), StringComparer.Ordinal),
        ];
        _numbers = [.. numbers.Select(name => new Number(name, source.TransformOf(name)))];
        HashSet<string> missed = source.MissingValues == MissingValues.Mask
            ? [.. trained.Columns.Where(column => column.Missing > 0).Select(column => column.Name)] : [];
        _flagged = [.. numbers.Index().Where(one => missed.Contains(one.Item)).Select(one => one.Index)];
        _categories =
        [
            .. source.Categorical.Select(name => new Category(
                name, trained.Columns.First(column => column.Name == name && column.Classes.Count > 0).Classes)),
        ];
        _isForward = source.MissingValues == MissingValues.Forward;
        Carried = _isForward || _numbers.Any(one => one.Transform == ColumnTransform.Difference) ? numbers.Length : 0;
        bool isOfSeries = source is { Scale: TableScale.Series, Standardize: true };
        _series = !isOfSeries ? -1 : source.Categorical.Contains(source.Series!)
            ? Array.FindIndex(_categories, one => one.Name == source.Series) : _categories.Length;
        Numbers = [.. numbers.Select(Called)];
        Texts =
        [
            .. source.Categorical.Select(Called),
            .. isOfSeries && _series == _categories.Length ? [source.Series!] : Array.Empty<string>(),
        ];
        Shape = new(numbers.Length + _flagged.Length, 0, checked(source.Targets.Count * source.Horizons), 0)
        {
            IsMasked = true, Categories = [.. _categories.Select(one => new CategoryShape(one.Name, one.Classes))],
        };
        _scale = isOfSeries ? ColumnStatistics.None(numbers.Length) : ColumnStatistics.Of(trained.Columns, numbers);
        _predicted = Predicted(
            isOfSeries ? ColumnStatistics.None(source.Targets.Count) : ColumnStatistics.Of(trained.Columns, source.Targets));
        var scaled = trained.Columns.Where(column => isOfSeries && column.Series is not null);
        foreach (var series in scaled.GroupBy(column => column.Series!))
        {
            ColumnDescription[] columns = [.. series];
            // A series without a scale of its targets has no way back to their units.
            if (numbers.All(name => columns.Any(column => column.Name == name))
                && source.Targets.All(name => columns.Any(column => column.Name == name && column.ScaleMean is not null)))
            {
                _ofSeries.Add(
                    series.Key, (ColumnStatistics.Of(columns, numbers), Predicted(ColumnStatistics.Of(columns, source.Targets))));
            }
        }

        Targets = _predicted.Names;
        (Horizon, Farthest) = (source.Horizon, source.Farthest);

        PredictedColumns Predicted(ColumnStatistics scale) =>
            new(loss, source, TransformedUnits.Of(source, source.Targets, scale));

        string Called(string name) => source.Known.Contains(name)
            ? string.Create(CultureInfo.InvariantCulture, $"{name} +{source.Horizon}") : name;
    }

    /// <summary>The columns of numbers that a row has, in order.</summary>
    public IReadOnlyList<string> Numbers { get; }

    /// <summary>
    /// The columns of texts that a row has, in order: those of classes, and behind them the column of series, where each series has a scale
    /// of its own.
    /// </summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>How many numbers are carried from row to row; 0 where a row's inputs depend on nothing but the row.</summary>
    public int Carried { get; }

    /// <summary>The shape of a time step; every target is masked.</summary>
    public DataShape Shape { get; }

    /// <summary>What is predicted, by name, in the order of the model's outputs; a difference is named as such.</summary>
    public IReadOnlyList<string> Targets { get; }

    /// <summary>Rows from an input to the row that its output forecasts, the first one where there are several.</summary>
    public int Horizon { get; }

    /// <summary>Rows from an input to the last row that is forecast from it.</summary>
    public int Farthest { get; }

    /// <summary>An encoder of rows as a model was trained on them.</summary>
    /// <param name="source">Names the columns, as in training.</param>
    /// <param name="loss">The loss of its training.</param>
    /// <param name="trained">What was trained on.</param>
    internal static RowEncoder Of(TableSource source, LossSpec loss, SourceDescription trained) =>
        new((TableSource)source.Complete(trained), loss, trained);

    /// <summary>What is carried before the first row of a series.</summary>
    /// <param name="carried">Receives it, <c>[Carried]</c>.</param>
    public static void Begin(Span<double> carried) => carried.Fill(NoRow);

    /// <summary>What is carried behind a row that was encoded.</summary>
    /// <param name="numbers">The row's cells of <see cref="Numbers"/>.</param>
    /// <param name="carried">What was carried before it, <c>[Carried]</c>; receives what is behind it.</param>
    public void Carry(ReadOnlySpan<double> numbers, Span<double> carried)
    {
        for (int i = 0; i < carried.Length; i++)
            carried[i] = Filled(numbers[i], carried[i]);
    }

    /// <summary>Encodes a row.</summary>
    /// <param name="numbers">The cells of <see cref="Numbers"/>; NaN for one without a value.</param>
    /// <param name="texts">Those of <see cref="Texts"/>; null for one without a value.</param>
    /// <param name="carried">What is carried before it, <c>[Carried]</c>; it stays as it is.</param>
    /// <param name="values">Receives the inputs that are values, <c>[Shape.InputFeatures]</c>.</param>
    /// <param name="codes">Receives the classes, <c>[Shape.Codes]</c>.</param>
    /// <returns>The column with a mistake, and the mistake; null where the row is encoded.</returns>
    public (string Column, string Problem)? Encode(
        ReadOnlySpan<double> numbers, IReadOnlyList<string?> texts, ReadOnlySpan<double> carried, Span<float> values, Span<long> codes)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (numbers.Length != Numbers.Count || texts.Count != Texts.Count)
        {
            return ("", $"found {numbers.Length} numbers and {texts.Count} texts, expected {Numbers.Count} and {Texts.Count}");
        }

        ColumnStatistics scale = _scale;
        if (_series >= 0)
        {
            if (texts[_series] is not { } series || !_ofSeries.TryGetValue(series, out var own))
            {
                string found = texts[_series] is { } other ? Wording.Quote(other) : "no value";
                return (Texts[_series], $"found {found}, expected a series that the model was trained on, which has a scale of its own");
            }

            scale = own.Scale;
        }

        int flag = _numbers.Length;
        for (int i = 0; i < _numbers.Length; i++)
        {
            double before = carried.IsEmpty ? NoRow : carried[i], cell = Filled(numbers[i], before);
            bool isFlagged = Array.IndexOf(_flagged, i) >= 0, isDifference = _numbers[i].Transform == ColumnTransform.Difference;
            if (double.IsNaN(cell) ? !isFlagged : !float.IsFinite((float)cell))
            {
                string expected = _isForward ? "a number, because no row before has one" : "a number";
                return (
                    Numbers[i], double.IsNaN(cell) ? $"found no value, expected {expected}" : $"found {cell}, expected a finite float32");
            }

            if (_numbers[i].Problem(cell) is { } problem)
                return (Numbers[i], problem);
            float value = 0;
            if (isDifference)
            {
                if (Math.Abs(cell - before) > float.MaxValue && before != NoRow)
                    return (Numbers[i], $"found {cell} after {before}, expected a difference that is a finite float32");

                // A first row has no difference: its input is the mean, which is 0.
                cell = before == NoRow && !double.IsNaN(cell) ? NoRow : cell - before;
            }

            if (cell != NoRow)
                value = scale.Scale(0, i, _numbers[i].Transformed(cell));
            values[i] = float.IsNaN(value) ? 0 : value;
            if (isFlagged)
                values[flag++] = double.IsNaN(cell) ? 0 : 1;
        }

        for (int i = 0; i < _categories.Length; i++)
        {
            if (texts[i] is { } text && CategoryColumn.Refusal(text) is { } refusal)
                return (Texts[i], refusal);
            codes[i] = _categories[i].NumberOf(texts[i]);
        }

        return null;
    }

    /// <summary>Brings a row's outputs to the units of their columns, in float64.</summary>
    /// <param name="texts">The row's texts, which name its series where each has its own scale.</param>
    /// <param name="outputs">The model's outputs, <c>[Targets.Count]</c>.</param>
    /// <param name="destination">Receives the forecasts, <c>[Targets.Count]</c>.</param>
    public void ToUnits(IReadOnlyList<string?> texts, ReadOnlySpan<float> outputs, Span<double> destination)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var predicted = _series >= 0 ? _ofSeries[texts[_series]!].Predicted : _predicted;
        for (int output = 0; output < outputs.Length; output++)
            predicted.ToUnits(0, 0, output, outputs.Slice(output, 1), destination.Slice(output, 1));
    }

    /// <summary>A cell, or with <c>missingValues: forward</c> the last value before it.</summary>
    private double Filled(double cell, double before) => _isForward && double.IsNaN(cell) && before != NoRow ? before : cell;

    private readonly record struct Number(string Name, ColumnTransform? Transform)
    {
        public string? Problem(double cell) => Transform switch
        {
            ColumnTransform.Log when cell <= 0 => $"found {cell}, expected a number greater than 0, because others have no logarithm",
            ColumnTransform.Log1P when cell <= -1 => $"found {cell}, expected a number greater than -1, because others have no logarithm",
            _ => null,
        };

        public double Transformed(double cell) => Transform switch
        {
            ColumnTransform.Log => PortableLogarithm.Of(cell),
            ColumnTransform.Log1P => PortableLogarithm.OfOnePlus(cell),
            _ => cell,
        };
    }

    private sealed class Category(string name, IReadOnlyList<ClassDescription> classes)
    {
        private readonly Dictionary<string, int> _numbers = CategoryColumn.NumbersOf(classes);

        public string Name => name;

        public int Classes => classes.Count;

        public int NumberOf(string? text) => _numbers.GetValueOrDefault(CategoryColumn.Canonical(text ?? CategoryColumn.Missing));
    }
}
