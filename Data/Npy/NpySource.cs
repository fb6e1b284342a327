using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>
/// NumPy arrays: inputs <c>[N, T, F]</c> or <c>[N, T]</c> of floats, or <c>[N, T]</c> of integer tokens; targets <c>[N, T, O]</c> or
/// <c>[N, T]</c> of floats, or <c>[N, T]</c> of integer classes; and optionally the number of time steps of each sequence.
/// </summary>
public sealed record NpySource : OpenableSource
{
    private static readonly string[] Roles = ["inputs", "targets", "lengths"];

    /// <summary>The absolute paths of inputs, targets and, where sequences are padded, lengths, in that order.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <inheritdoc/>
    public override string Word => "npy";

    /// <inheritdoc/>
    public override string About => "NumPy arrays of independent sequences";

    /// <inheritdoc/>
    public override string Form => "npy:INPUTS,TARGETS[,LENGTHS]";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Paths => Files;

    /// <inheritdoc/>
    public override bool? HasTokens => null;

    /// <inheritdoc/>
    /// <remarks>A comma separates the files, so none of them can have one in its path.</remarks>
    public override SourceSpec Read(string? paths, TextContext text)
    {
        if (Required(paths, text) is not { } list)
            return this;
        string[] files = [.. list.Split(',').Select(path => path.TrimStart())];
        if (files.Length is not (2 or 3) || files.Any(string.IsNullOrWhiteSpace))
        {
            bool empty = files.Any(string.IsNullOrWhiteSpace);
            string found = empty ? "an empty path" : files.Length == 1 ? "1 path" : $"{files.Length} paths";
            text.Report(found, Form, "name two or three files with commas between them, none in a path");
            return this;
        }

        if (files.Select(text.Absolute).FirstOrDefault(full => full.Contains(',')) is { } comma)
        {
            text.Report($"a comma in the path {comma}", Form, "rename the directory: commas part the files of a npy source");
            return this;
        }

        return this with { Files = [.. files.Select(file => text.File(file, "a NumPy file"))] };
    }

    /// <summary>Equal in every member, lists item by item.</summary>
    public bool Equals(NpySource? other) => other is not null && Files.SequenceEqual(other.Files);

    /// <inheritdoc/>
    public override int GetHashCode() => string.Join('\0', Files).GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    internal override IDataSource Open(RunSpec spec, InputFiles opened)
    {
        var problems = new ProblemList();
        if (Files.Count is not (2 or 3))
        {
            problems.Add(
                DataKeys.Source, Wording.Count(Files.Count, "file"),
                "npy:inputs.npy,targets.npy or npy:inputs.npy,targets.npy,lengths.npy", "name two or three files");
            problems.ThrowIfAny();
        }

        NpyArray?[] arrays = 
        [
            .. Files.Select(path => opened.Admit(DataKeys.Source, path, problems) is { } real ? NpyArray.TryOpen(real, problems) : null),
        ];
        try
        {
            return Open(spec.Data, arrays, problems) ?? throw new SpecException(problems.ToList());
        }
        catch
        {
            foreach (NpyArray? array in arrays)
                array?.Dispose();
            throw;
        }
    }

    private static DataSource? Open(DataSpec data, NpyArray?[] arrays, ProblemList problems)
    {
        for (int role = 0; role < 2; role++)
            CheckRank(arrays[role], Roles[role], problems);
        if (!problems.IsEmpty || arrays is not [{ } inputs, { } targets, ..])
            return null;
        CheckAgreement(inputs, targets, problems);
        int[]? lengths = arrays.Length == 3 ? ReadLengths(inputs, arrays[2]!, problems) : null;
        if (!problems.IsEmpty)
            return null;

        var (inputWidth, vocabulary) = Measure(inputs, lengths, problems);
        var (targetWidth, classes) = Measure(targets, lengths, problems);
        int held = HoldOut.Count(data.ValidationFraction, (int)inputs.Header.Shape[0], problems);
        if (!problems.IsEmpty)
            return null;
        var shape = new DataShape(inputWidth, vocabulary, targetWidth, classes);
        return DataSource.OfSequences(shape, new NpySet(shape, inputs, targets, lengths), held, [.. arrays.OfType<IDisposable>()]);
    }

    private static void CheckRank(NpyArray? array, string role, ProblemList problems)
    {
        if (array is null || array.Header.Shape.Count == 2 || (array.Header.Shape.Count == 3 && !array.Header.IsInteger))
            return;
        problems.Add(
            DataKeys.Source, $"{array.Header.Type} of shape {Wording.Shape(array.Header.Shape)} in {array.Path}",
            $"{role} of shape [N, T, features] or [N, T] of floats, or [N, T] of integers", "reshape the array");
    }

    private static void CheckAgreement(NpyArray inputs, NpyArray targets, ProblemList problems)
    {
        if (!inputs.Header.Shape.Take(2).SequenceEqual(targets.Header.Shape.Take(2)))
        {
            problems.Add(
                DataKeys.Source,
                $"inputs {Wording.Shape(inputs.Header.Shape)} in {inputs.Path} and "
                + $"targets {Wording.Shape(targets.Header.Shape)} in {targets.Path}",
                "the same number of sequences N and of time steps T in both", "save both from the same sequences");
        }
    }

    private static int[]? ReadLengths(NpyArray inputs, NpyArray array, ProblemList problems)
    {
        (long sequences, long steps) = (inputs.Header.Shape[0], inputs.Header.Shape[1]);
        if (!array.Header.IsInteger || array.Header.Shape.Count != 1 || array.Header.Shape[0] != sequences)
        {
            problems.Add(
                DataKeys.Source, $"{array.Header.Type} of shape {Wording.Shape(array.Header.Shape)} in {array.Path}",
                $"lengths as integers of shape [{sequences}], one for each sequence of {inputs.Path} {Wording.Shape(inputs.Header.Shape)}",
                "save one length per sequence");
            return null;
        }

        var lengths = new int[sequences];
        Span<long> block = stackalloc long[512];
        for (int first = 0; first < lengths.Length; first += block.Length)
        {
            Span<long> part = block[..Math.Min(block.Length, lengths.Length - first)];
            array.Read(first, part);
            for (int i = 0; i < part.Length; i++)
            {
                (long length, int at) = (part[i], first + i);
                lengths[at] = (int)Math.Clamp(length, 1, steps);
                if (length == lengths[at])
                    continue;
                problems.AddInFile(array.Path, () => new(
                    DataKeys.Source, $"{length} at {array.Describe(at)}", $"a length from 1 to {steps}", "correct the length"));
            }
        }

        return lengths;
    }

    // Either the number of values per time step or the number of different tokens; the other is 0.
    private static (int Width, int Tokens) Measure(NpyArray array, int[]? lengths, ProblemList problems)
    {
        long width = array.Header.Shape.Count == 3 ? array.Header.Shape[2] : 1;
        var contents = new NpyContents(array, lengths, width, problems);
        if (array.Header.IsInteger)
            return (0, contents.CheckTokens());
        contents.CheckValues();
        return ((int)width, 0);
    }
}

/// <summary>The sequences of a pair of NumPy arrays, read from the files on demand.</summary>
internal sealed class NpySet(DataShape shape, NpyArray inputs, NpyArray targets, int[]? lengths) : SequenceSet(shape)
{
    private readonly long _steps = inputs.Header.Shape[1];
    private readonly int _inputWidth = shape.InputFeatures;
    private readonly int _targetWidth = shape.TargetFeatures;

    public override int Count { get; } = (int)inputs.Header.Shape[0];

    public override int Length(int sequence) => lengths is null ? (int)_steps : lengths[sequence];

    protected override void FillInputs(SequenceSlice slice, Span<float> destination) =>
        inputs.Read(Step(slice) * _inputWidth, destination);

    protected override void FillTokens(SequenceSlice slice, Span<long> destination) => inputs.Read(Step(slice), destination);

    protected override void FillTargets(SequenceSlice slice, Span<float> destination) =>
        targets.Read(Step(slice) * _targetWidth, destination);

    protected override void FillClasses(SequenceSlice slice, Span<long> destination) => targets.Read(Step(slice), destination);

    private long Step(SequenceSlice slice) => (slice.Sequence * _steps) + slice.Start;
}
