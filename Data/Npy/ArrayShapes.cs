using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>What the axes and numbers of a source's arrays are.</summary>
internal sealed record ArrayShapes
{
    /// <summary>Whether the arrays are one stream.</summary>
    public required bool IsStream { get; init; }

    /// <summary>Independent sequences; 1 for a stream.</summary>
    public required int Sequences { get; init; }

    /// <summary>Time steps of a sequence, padding included; of the stream.</summary>
    public required int Steps { get; init; }

    /// <summary>Values of an input; 0 where inputs are tokens.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Values of a target; 0 where targets are classes.</summary>
    public required int TargetWidth { get; init; }

    /// <summary>Whether each sequence has one target, at its last time step.</summary>
    public bool IsTargetAtEnd { get; init; }

    /// <summary>
    /// Where targets are the labels of a sequence as a whole (<see cref="LossSpec.BlankClass"/>), how many each sequence has room for;
    /// 0 otherwise.
    /// </summary>
    public int LabelRoom { get; init; }

    /// <summary>Values of the mask for a row of targets; 0 for no mask.</summary>
    public int MaskWidth { get; init; }

    /// <summary>Elements of a row of targets.</summary>
    public int TargetElements => Math.Max(1, TargetWidth);

    /// <summary>Whether inputs are tokens.</summary>
    public bool HasTokens => InputWidth == 0;

    /// <summary>Whether targets are classes.</summary>
    public bool HasClasses => TargetWidth == 0;
}

/// <summary>
/// Finds out what arrays are by their shapes, the model, the loss and the layout in the spec; what could be two things is refused.
/// </summary>
/// <param name="source">Names the layout.</param>
/// <param name="spec">Has the model and the loss.</param>
/// <param name="files">The arrays; inputs and targets are open.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class ArrayShapeReader(ArraySource source, RunSpec spec, ArrayFiles files, ProblemList problems)
{
    private readonly NpyArray _inputs = files.Inputs!;
    private readonly NpyArray _targets = files.Targets!;
    private readonly bool _hasEmbedding = spec.Model.Embedding is not null;
    private readonly bool _ofClasses = spec.Train.Loss.OfClasses;

    private IReadOnlyList<long> InputShape => _inputs.Header.Shape;

    private IReadOnlyList<long> TargetShape => _targets.Header.Shape;

    /// <summary>The shapes; null, with problems, where they fit no reading or two.</summary>
    public ArrayShapes? TryRead()
    {
        CheckTypes();
        if (!problems.IsEmpty)
            return null;
        ArrayShapes? shapes = source.IsStream ? ReadStream() : ReadSequences();
        return shapes is null ? null : AddMask(shapes);
    }

    /// <summary>Refuses numbers that are not what model and loss take; the remedy keeps the task as it is.</summary>
    private void CheckTypes()
    {
        if (_hasEmbedding && !_inputs.Header.Type.IsInteger)
        {
            problems.Add(
                DataKeys.Source, $"{_inputs} with model.embedding", "tokens, whole numbers from 0 on",
                "save array.astype('int64') if they are tokens; remove model.embedding if they are values");
        }

        if (_hasEmbedding && _inputs.Header.Type.IsInteger && InputShape.Count == (source.IsStream ? 2 : 3))
        {
            problems.Add(
                DataKeys.Source, $"{_inputs} with model.embedding", source.IsStream ? "tokens of shape [T]" : "tokens of shape [N, T]",
                InputShape[^1] == 1 ? "save array[..., 0]" : "save array.argmax(-1) if each row marks one token; remove model.embedding "
                    + "if the numbers are values");
        }

        if (!_ofClasses)
            return;
        const string Expected = "classes, one whole number from 0 on for each time step";
        if (TargetShape.Count == (source.IsStream ? 2 : 3) && TargetShape[^1] > 1)
        {
            problems.Add(
                DataKeys.Source, $"{_targets} with loss {spec.Train.Loss.Word}", Expected,
                "save array.argmax(-1) if each row marks one class (one-hot)");
        }
        else if (!_targets.Header.Type.IsInteger)
        {
            problems.Add(
                DataKeys.Source, $"{_targets} with loss {spec.Train.Loss.Word}", Expected,
                "save array.astype('int64') if they are numbers of classes");
        }
    }

    private ArrayShapes? ReadStream()
    {
        if (files.Lengths is not null)
        {
            Add($"lengths in {files.Lengths.Name} with layout stream", "inputs and targets alone",
                "remove the lengths, or write layout: sequences");
        }

        if (InputShape.Count > 2 || TargetShape.Count > 2)
        {
            Add($"{(InputShape.Count > 2 ? _inputs : _targets)} with layout stream", "arrays of shape [T, features] or [T]",
                "write layout: sequences, or save array[0] of a single sequence");
        }
        else if (InputShape[0] != TargetShape[0])
        {
            Add($"inputs {Wording.Shape(InputShape)} in {_inputs.Name} and targets {Wording.Shape(TargetShape)} in {_targets.Name}",
                "the same number of time steps T in both", "save both from the same stream");
        }

        return !problems.IsEmpty ? null : new()
        {
            IsStream = true,
            Sequences = 1,
            Steps = (int)InputShape[0],
            InputWidth = _hasEmbedding ? 0 : Last(InputShape, 2),
            TargetWidth = _ofClasses ? 0 : Last(TargetShape, 2),
        };
    }

    private ArrayShapes? ReadSequences()
    {
        if (InputShape.Count == 1)
        {
            Add($"{_inputs}", "inputs of shape [N, T, features] or [N, T]",
                "write layout: stream if it is one long series; save array[None, :] if it is one sequence");
            return null;
        }

        if (source.Layout == ArrayLayout.Auto && MayBeStream())
        {
            (long first, long second) = (InputShape[0], InputShape[1]);
            problems.Add(
                DataKeys.Layout,
                $"nothing, with {_inputs}: one stream of {Wording.Count(first, "time step")} with {Wording.Count(second, "feature")}, or "
                + $"{Wording.Count(first, "sequence")} of {Wording.Count(second, "time step")}",
                "stream or sequences", "write layout: stream, or layout: sequences, in data");
            return null;
        }

        // Integers of two axes without an embedding are tokens that lack one, or values: SpecFit says so.
        bool tokens = _inputs.Header.Type.IsInteger && InputShape.Count == 2;
        if (spec.Train.Loss.BlankClass is not null)
            return ReadLabels(tokens);
        bool perStep = TargetShape.Count >= 2 && TargetShape[0] == InputShape[0] && TargetShape[1] == InputShape[1];
        bool atEnd = !perStep && TargetShape[0] == InputShape[0] && (TargetShape.Count == 1 || TargetShape[1] == 1);
        if (!perStep && !atEnd)
        {
            Add($"inputs {Wording.Shape(InputShape)} in {_inputs.Name} and targets {Wording.Shape(TargetShape)} in {_targets.Name}",
                "the same number of sequences N and of time steps T in both, or one target for each sequence: [N], [N, 1] or "
                + "[N, 1, outputs]",
                "save both from the same sequences");
            return null;
        }

        return new()
        {
            IsStream = false,
            Sequences = (int)InputShape[0],
            Steps = (int)InputShape[1],
            InputWidth = tokens ? 0 : Last(InputShape, 3),
            TargetWidth = _ofClasses ? 0 : Last(TargetShape, 3),
            IsTargetAtEnd = atEnd,
        };
    }

    /// <summary>Labels of sequences as wholes, of which there may be fewer than time steps.</summary>
    private ArrayShapes? ReadLabels(bool tokens)
    {
        if (TargetShape.Count != 2 || TargetShape[0] != InputShape[0])
        {
            Add($"inputs {Wording.Shape(InputShape)} in {_inputs.Name} and targets {Wording.Shape(TargetShape)} in {_targets.Name} with "
                + $"loss {spec.Train.Loss.Word}",
                "labels of shape [N, most labels of a sequence] of the same number of sequences N",
                $"save one row of labels for each sequence, {DataShape.MaskedClass} behind its last one");
            return null;
        }

        if (files.Mask is not null)
        {
            problems.Add(
                DataKeys.Mask, $"a mask with loss {spec.Train.Loss.Word}", $"labels with {DataShape.MaskedClass} behind the last one",
                "leave the mask out");
            return null;
        }

        return new()
        {
            IsStream = false, Sequences = (int)InputShape[0], Steps = (int)InputShape[1], InputWidth = tokens ? 0 : Last(InputShape, 3),
            TargetWidth = 0, LabelRoom = (int)TargetShape[1],
        };
    }

    /// <summary>
    /// Whether nothing but the user knows: two axes of values, no lengths, and targets that a stream could have as well.
    /// </summary>
    private bool MayBeStream() =>
        InputShape.Count == 2 && TargetShape.Count <= 2 && !_hasEmbedding && files.Lengths is null && !_inputs.Header.Type.IsInteger
        && !(_ofClasses && TargetShape.Count == 2 && TargetShape[1] > 1);

    private ArrayShapes? AddMask(ArrayShapes shapes)
    {
        if (files.Mask is not { } mask)
            return shapes;
        long rows = shapes.IsTargetAtEnd ? shapes.Sequences : (long)shapes.Sequences * shapes.Steps;
        int width = mask.Header.Elements == rows ? 1
            : mask.Header.Elements == (Int128)rows * shapes.TargetElements ? shapes.TargetElements
            : 0;
        long[] axes = Trimmed(mask.Header.Shape), targets = Trimmed(TargetShape);
        if (width > 0 && axes.Length <= targets.Length && axes.AsSpan().SequenceEqual(targets.AsSpan(0, axes.Length)))
            return shapes with { MaskWidth = width };
        Add($"a mask, {mask}", $"the shape of the targets, {Wording.Shape(TargetShape)}, or that of their time steps",
            "save it in that shape");
        return null;
    }

    // A last axis of one element may be there or not.
    private static long[] Trimmed(IReadOnlyList<long> shape) =>
        [.. shape.Take(shape.Index().LastOrDefault(axis => axis.Item > 1, (0, 1)).Index + 1)];

    private static int Last(IReadOnlyList<long> shape, int axes) => shape.Count == axes ? (int)shape[^1] : 1;

    private void Add(string found, string expected, string remedy) => problems.Add(DataKeys.Source, found, expected, remedy);
}
