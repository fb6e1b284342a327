using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>
/// The values of a table's targets that are known when a forecast is made, in their units: what forecasts without a model are made of, and
/// where a model's own forecasts go when they are its next inputs.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="source">The table's spec.</param>
/// <param name="set">Sequences of its rows; the first time step of each is the first row of a series, or of the file.</param>
/// <param name="inputs">The names of inputs, in order.</param>
/// <param name="targets">The columns that are targets, in order.</param>
/// <param name="features">Values of an input.</param>
internal sealed class KnownValues(
    TableSource source, ISequenceSet set, IReadOnlyList<string> inputs, IReadOnlyList<string> targets, int features)
{
    private readonly bool[] _areDifferences = [.. targets.Select(source.IsDifference)];
    private float[] _rows = [];
    private float[] _values = [];

    /// <summary>The place of each target among the inputs; negative for one that is no input.</summary>
    public IReadOnlyList<int> Columns { get; } = [.. targets.Select(target => PlaceOf(inputs, target, features))];

    /// <summary>The place among the inputs of what says whether a target's cell has a value; negative where all have.</summary>
    public IReadOnlyList<int> Flags { get; } = [.. targets.Select(target => PlaceOf(inputs, FlagOf(target), features))];

    /// <summary>The name of the input that says whether a column's cell has a value.</summary>
    public static string FlagOf(string column) => $"{column} observed";

    /// <summary>Reads what a baseline forecasts.</summary>
    /// <param name="baseline">The baseline.</param>
    /// <param name="slice">The time steps that are forecast from.</param>
    /// <param name="target">Which target.</param>
    /// <param name="destination">Receives the values, <c>[slice.Length]</c>; NaN where there is none.</param>
    public void Read(Baseline baseline, SequenceSlice slice, int target, Span<double> destination)
    {
        // The last known value once more is the difference 0.
        if (baseline == Baseline.Naive && _areDifferences[target])
            destination[..slice.Length].Clear();
        else
            Read(slice with { Start = slice.Start - baseline.Back }, target, destination);
    }

    /// <summary>Reads the values of rows.</summary>
    /// <param name="rows">The rows, from 0 in each sequence; those below 0 have no value.</param>
    /// <param name="target">Which target; where it is no input, no value of it counts as known.</param>
    /// <param name="destination">Receives the values, <c>[rows.Length]</c>; NaN where there is none.</param>
    public void Read(SequenceSlice rows, int target, Span<double> destination)
    {
        // The first row of a series has no difference.
        int first = _areDifferences[target] ? 1 : 0;
        int none = Columns[target] < 0 ? rows.Length : Math.Clamp(first - rows.Start, 0, rows.Length);
        destination[..none].Fill(double.NaN);
        rows = rows with { Start = rows.Start + none, Length = rows.Length - none };
        destination = destination[none..];

        // The first rows are nobody's target; the last ones are nobody's input. Of a short series, some are neither.
        int asInputs = Math.Clamp(source.Horizon - rows.Start, 0, rows.Length);
        int read = Math.Clamp(set.Length(rows.Sequence) - rows.Start, 0, asInputs);
        ReadPart(rows with { Length = read }, target, destination, areInputs: true);
        destination[read..asInputs].Fill(double.NaN);
        ReadPart(
            rows with { Start = rows.Start + asInputs - source.Horizon, Length = rows.Length - asInputs }, target,
            destination[asInputs..], areInputs: false);
    }

    /// <summary>Brings values of a target to its units.</summary>
    /// <param name="slice">The time steps that they are forecast from.</param>
    /// <param name="target">Which target.</param>
    /// <param name="values">Values as they are trained on, <c>[slice.Length]</c>.</param>
    /// <param name="destination">Receives them, as many.</param>
    public void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination) =>
        set.ToUnits(slice, target * source.Horizons, values, destination);

    private void ReadPart(SequenceSlice steps, int target, Span<double> destination, bool areInputs)
    {
        if (steps.Length == 0)
            return;
        int width = areInputs ? features : targets.Count * source.Horizons;
        if (_rows.Length < steps.Length * width)
            _rows = new float[steps.Length * width];
        if (_values.Length < steps.Length)
            _values = new float[steps.Length];
        var rows = _rows.AsSpan(0, steps.Length * width);
        if (areInputs)
            set.ReadInputs(steps, rows);
        else
            set.ReadTargets(steps, rows);
        int column = areInputs ? Columns[target] : target * source.Horizons, flag = areInputs ? Flags[target] : -1;
        for (int i = 0; i < steps.Length; i++)
            _values[i] = flag >= 0 && rows[(i * width) + flag] == 0 ? float.NaN : rows[(i * width) + column];
        ToUnits(steps, target, _values.AsSpan(0, steps.Length), destination);
    }

    // Behind the inputs of numbers stand the names of columns of classes.
    private static int PlaceOf(IReadOnlyList<string> inputs, string name, int features)
    {
        for (int i = 0; i < Math.Min(features, inputs.Count); i++)
        {
            if (inputs[i] == name)
                return i;
        }

        return -1;
    }
}
