using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data;

/// <summary>
/// The sequences of a run, opened and checked: shapes, and random access to any part of any sequence.
/// </summary>
/// <remarks>
/// A source holds only buffers in memory, however long the data. Reading is thread-safe: a coordinator and several trainers share one.
/// The values read are a pure function of the spec and the files.
/// </remarks>
public interface IDataSource : IDisposable
{
    /// <summary>The shape of one time step.</summary>
    DataShape Shape { get; }

    /// <summary>The sequences to train on; at least one, none of them empty.</summary>
    ISequenceSet Training { get; }

    /// <summary>The sequences that are evaluated after every epoch; null when none are held out for that.</summary>
    ISequenceSet? Validation { get; }

    /// <summary>The sequences that are evaluated once, at the end of the run; null when the spec has no <c>data.test</c>.</summary>
    ISequenceSet? Test => null;

    /// <summary>The sequences of a part that is held out; null for none.</summary>
    ISequenceSet? HeldOut(HeldOutPart part) => part == HeldOutPart.Test ? Test : Validation;

    /// <summary>What was read, as far as the source can say: names, columns and their statistics, borders, suspected mistakes.</summary>
    SourceDescription Description => SourceDescription.None;
}

/// <summary>The shape of one time step of a data source.</summary>
/// <param name="InputFeatures">Values of an input, or 0 when inputs are tokens, or columns of classes alone.</param>
/// <param name="Vocabulary">The number of different input tokens, or 0 when inputs are values.</param>
/// <param name="TargetFeatures">Values of a target, or 0 when targets are classes.</param>
/// <param name="Classes">The number of classes, or 0 when targets are values.</param>
public sealed record DataShape(int InputFeatures, int Vocabulary, int TargetFeatures, int Classes)
{
    /// <summary>Whether inputs are tokens, which need an embedding.</summary>
    public bool HasTokens => Vocabulary > 0;

    /// <summary>Inputs that are columns of classes, each of which has an embedding, besides those that are values. Default none.</summary>
    public IReadOnlyList<CategoryShape> Categories { get; init; } = [];

    /// <summary>Whole numbers of an input: 1 where inputs are tokens, else one for each column of classes.</summary>
    public int Codes => HasTokens ? 1 : Categories.Count;

    /// <summary>
    /// What <see cref="ISequenceSet.ReadTargets(SequenceSlice, Span{long})"/> gives for a time step without a target: PyTorch's
    /// <c>ignore_index</c>.
    /// </summary>
    public const long MaskedClass = -100;

    /// <summary>Whether targets are classes, which need cross-entropy.</summary>
    public bool HasClasses => Classes > 0;

    /// <summary>
    /// Whether some targets are masked: NaN, or <see cref="MaskedClass"/>. Default false, and then no target may be either.
    /// </summary>
    /// <remarks>
    /// A masked element counts neither in the loss nor in the weight that the loss is divided by, in training and in validation; its time
    /// step is computed all the same, because the hidden state passes through it. A step of which every element is masked makes no update.
    /// Each set of sequences has at least one target.
    /// </remarks>
    public bool IsMasked { get; init; }

    /// <summary>Equal in every member, the list item by item.</summary>
    public bool Equals(DataShape? other) => other is not null
        && (InputFeatures, Vocabulary, TargetFeatures, Classes, IsMasked)
            == (other.InputFeatures, other.Vocabulary, other.TargetFeatures, other.Classes, other.IsMasked)
        && Categories.SequenceEqual(other.Categories);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(InputFeatures, Vocabulary, TargetFeatures, Classes, IsMasked, Categories.Count);
}

/// <summary>A column of classes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Classes">How many classes there are, from 0, which is <c>&lt;unknown&gt;</c>.</param>
public sealed record CategoryShape(string Name, int Classes);

/// <summary>A list of sequences with random access in time.</summary>
public interface ISequenceSet
{
    /// <summary>How many sequences.</summary>
    int Count { get; }

    /// <summary>Time steps of sequence <paramref name="sequence"/>, at least 1.</summary>
    int Length(int sequence);

    /// <summary>Brings targets that are values back to the units of the data; null where they are trained on as they are.</summary>
    ITargetUnits? Units => null;

    /// <summary>The name of the series that a sequence is; null where sequences are no series.</summary>
    string? SeriesOf(int sequence) => null;

    /// <summary>Which rows of the source a part of a sequence is made of; null where that is not known.</summary>
    SourceRows? RowsOf(SequenceSlice slice) => null;

    /// <summary>When time steps were measured; null where that is not known, and where nobody asked for it.</summary>
    ISequenceTimes? Times => null;

    /// <summary>
    /// Whether a sequence continues one that was trained on before this run: the lane keeps the hidden state that it begins with.
    /// </summary>
    bool Continues(int sequence) => false;

    /// <summary>
    /// Reads inputs that are values into <paramref name="destination"/> <c>[slice.Length × InputFeatures]</c>, row-major.
    /// </summary>
    void ReadInputs(SequenceSlice slice, Span<float> destination);

    /// <summary>
    /// Reads inputs that are tokens or classes into <paramref name="destination"/> <c>[slice.Length × Codes]</c>, row-major, each in
    /// [0, Vocabulary), or [0, classes of its column).
    /// </summary>
    void ReadInputs(SequenceSlice slice, Span<long> destination);

    /// <summary>
    /// Reads targets that are values into <paramref name="destination"/> <c>[slice.Length × TargetFeatures]</c>, row-major; NaN where an
    /// element is masked (<see cref="DataShape.IsMasked"/>).
    /// </summary>
    void ReadTargets(SequenceSlice slice, Span<float> destination);

    /// <summary>
    /// Reads targets that are classes into <paramref name="destination"/> <c>[slice.Length]</c>, each in [0, Classes), or
    /// <see cref="DataShape.MaskedClass"/> where the time step is masked (<see cref="DataShape.IsMasked"/>).
    /// </summary>
    void ReadTargets(SequenceSlice slice, Span<long> destination);
}

/// <summary>A contiguous part of one sequence.</summary>
/// <param name="Sequence">The sequence's index in its set.</param>
/// <param name="Start">The first time step.</param>
/// <param name="Length">How many time steps.</param>
public readonly record struct SequenceSlice(int Sequence, int Start, int Length);
