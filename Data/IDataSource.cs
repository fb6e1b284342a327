namespace Orleans.Tbptt.Data;

/// <summary>
/// The sequences of a run, opened and checked: shapes, and random access to any stretch of any sequence.
/// </summary>
/// <remarks>
/// A source holds no more than buffers in memory, however long the data. Reading is thread-safe: a coordinator and several trainers share one.
/// What is read is a pure function of the spec and the files.
/// </remarks>
public interface IDataSource : IDisposable
{
    /// <summary>What one time step looks like.</summary>
    DataShape Shape { get; }

    /// <summary>The sequences to train on; at least one, none of them empty.</summary>
    ISequenceSet Training { get; }

    /// <summary>The sequences held out; null when <c>validationFraction</c> is 0.</summary>
    ISequenceSet? Validation { get; }

    /// <summary>What a loss over <see cref="Validation"/> means in the data's own units; null when there is no such reading.</summary>
    IForecastScale? ForecastScale { get; }
}

/// <summary>What one time step of a data source looks like.</summary>
/// <param name="InputFeatures">Values of an input, or 0 when inputs are tokens.</param>
/// <param name="Vocabulary">The number of different input tokens, or 0 when inputs are values.</param>
/// <param name="TargetFeatures">Values of a target, or 0 when targets are classes.</param>
/// <param name="Classes">The number of classes, or 0 when targets are values.</param>
public sealed record DataShape(int InputFeatures, int Vocabulary, int TargetFeatures, int Classes)
{
    /// <summary>Whether inputs are tokens, which need an embedding.</summary>
    public bool HasTokens => Vocabulary > 0;

    /// <summary>Whether targets are classes, which need cross-entropy.</summary>
    public bool HasClasses => Classes > 0;
}

/// <summary>A list of sequences with random access in time.</summary>
public interface ISequenceSet
{
    /// <summary>How many sequences.</summary>
    int Count { get; }

    /// <summary>Time steps of sequence <paramref name="sequence"/>, at least 1.</summary>
    int Length(int sequence);

    /// <summary>Reads inputs that are values into <paramref name="destination"/> <c>[slice.Length × InputFeatures]</c>, row-major.</summary>
    void ReadInputs(SequenceSlice slice, Span<float> destination);

    /// <summary>Reads inputs that are tokens into <paramref name="destination"/> <c>[slice.Length]</c>, each in [0, Vocabulary).</summary>
    void ReadInputs(SequenceSlice slice, Span<long> destination);

    /// <summary>Reads targets that are values into <paramref name="destination"/> <c>[slice.Length × TargetFeatures]</c>, row-major.</summary>
    void ReadTargets(SequenceSlice slice, Span<float> destination);

    /// <summary>Reads targets that are classes into <paramref name="destination"/> <c>[slice.Length]</c>, each in [0, Classes).</summary>
    void ReadTargets(SequenceSlice slice, Span<long> destination);
}

/// <summary>A stretch of one sequence.</summary>
/// <param name="Sequence">The sequence's index in its set.</param>
/// <param name="Start">The first time step.</param>
/// <param name="Length">How many time steps.</param>
public readonly record struct SequenceSlice(int Sequence, int Start, int Length);

/// <summary>Turns a mean squared error over standardised targets back into the data's units, beside the naive forecast.</summary>
public interface IForecastScale
{
    /// <summary>What the numbers count, such as the target column's name.</summary>
    string Unit { get; }

    /// <summary>The root mean squared error, in <see cref="Unit"/>, that a validation loss (mean squared error) stands for.</summary>
    double Rmse(double validationLoss);

    /// <summary>The root mean squared error, in <see cref="Unit"/>, of forecasting the last known value over the same targets.</summary>
    double NaiveRmse { get; }
}
