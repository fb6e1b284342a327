using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Custom;

/// <summary>A source that a program adds: sequences that its code makes from the spec.</summary>
public sealed record CustomSource : OpenableSource
{
    private readonly Func<RunSpec, IDataSource> _open;

    /// <summary>Declares a source that opens whatever a program has, such as a stream of a database.</summary>
    /// <param name="name">Its name; specs write <c>custom/NAME</c>.</param>
    /// <param name="open">
    /// Opens the data. What is read is a function of the spec alone, the same in every process: resumed runs, and all silos, open it again.
    /// </param>
    public CustomSource(string name, Func<RunSpec, IDataSource> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        (Word, _open) = (CustomWord.Of(name), open);
    }

    /// <inheritdoc/>
    public override string Word { get; }

    /// <inheritdoc/>
    public override string About => "sequences of the program that hosts the silo";

    /// <inheritdoc/>
    public override bool? HasTokens => null;

    /// <summary>Declares a source of independent sequences in memory, the last of which are held out for validation.</summary>
    /// <param name="name">Its name; specs write <c>custom/NAME</c>.</param>
    /// <param name="make">Makes the sequences: a function of the spec alone, the same in every process.</param>
    public static CustomSource OfSequences(string name, Func<RunSpec, IReadOnlyList<TimeSeries>> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return new(name, spec => Open(CustomWord.Of(name), make(spec), spec.Data));
    }

    internal override IDataSource Open(RunSpec spec, InputFiles opened) => _open(spec);

    private static DataSource Open(string word, IReadOnlyList<TimeSeries> sequences, DataSpec data)
    {
        var problems = new ProblemList();
        if (sequences.Count == 0 || sequences[0] is not { Inputs: [{ Length: > 0 } input, ..], Targets: [{ Length: > 0 } target, ..] })
        {
            problems.Add("data.source", $"{word} without time steps", "at least one sequence of inputs and targets", "correct the program");
            throw new SpecException(problems.ToList());
        }

        for (int i = 0; i < sequences.Count; i++)
        {
            var (inputs, targets) = sequences[i];
            if (inputs.Length == 0 || inputs.Length != targets.Length || inputs.Any(row => row.Length != input.Length)
                || targets.Any(row => row.Length != target.Length) || !inputs.Concat(targets).All(row => row.All(float.IsFinite)))
            {
                problems.Add("data.source", $"{word}, sequence {i}", $"as many time steps of inputs as of targets, {input.Length} finite "
                    + $"inputs and {target.Length} finite targets each, as in sequence 0", "correct the program");
            }
        }

        HeldSequences held = HoldOut.Count(data, sequences.Count, problems);
        problems.ThrowIfAny();
        var shape = new DataShape(input.Length, 0, target.Length, 0);
        return DataSource.OfSequences(shape, new Memory(shape, sequences), held);
    }

    private sealed class Memory(DataShape shape, IReadOnlyList<TimeSeries> sequences) : SequenceSet(shape)
    {
        public override int Count => sequences.Count;

        public override int Length(int sequence) => sequences[sequence].Inputs.Length;

        protected override void FillInputs(SequenceSlice slice, Span<float> destination) =>
            Fill(sequences[slice.Sequence].Inputs, slice, destination);

        protected override void FillTargets(SequenceSlice slice, Span<float> destination) =>
            Fill(sequences[slice.Sequence].Targets, slice, destination);

        private static void Fill(float[][] rows, SequenceSlice slice, Span<float> destination)
        {
            for (int step = 0, width = rows[0].Length; step < slice.Length; step++)
                rows[slice.Start + step].CopyTo(destination[(step * width)..]);
        }
    }
}
