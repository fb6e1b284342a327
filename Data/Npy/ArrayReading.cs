using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Sequences;
using Orleans.Tbptt.Data.Streams;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>
/// Makes sequences of arrays: finds out what they are, checks all of their elements, and holds sequences or time steps out.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="spec">The spec that names it.</param>
/// <param name="files">The arrays; owned by the source of sequences.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class ArrayReading(ArraySource source, RunSpec spec, ArrayFiles files, ProblemList problems)
{
    private readonly DataSpec _data = spec.Data;

    /// <summary>Opens the arrays as sequences; null, with problems, when they are not fit.</summary>
    public DataSource? TryOpen()
    {
        if (new ArrayShapeReader(source, spec, files, problems).TryRead() is not { } shapes)
            return null;
        return shapes.IsStream ? OpenStream(shapes) : OpenSequences(shapes);
    }

    private DataSource? OpenStream(ArrayShapes shapes)
    {
        if (StreamCut.TryCut(
            shapes.Steps, "time step", files.Inputs!.Name, _data, 0, problems) is not { } cut)
        {
            return null;
        }

        var contents = new ArrayContents(source, shapes, files, problems);
        PartBorders at = cut.At;
        var (training, held) = (new RowRange(0, at.Validation), new RowRange(at.Validation, at.Validated));
        var tested = new RowRange(at.Test, at.Tested);
        contents.CheckInputs([training, held, tested]);
        if (TryMeasure(shapes, contents, [training], cut.Validation is null ? null : [held], cut.Test is null ? null : [tested])
            is not { } shape)
        {
            return null;
        }

        var rows = new ArrayRows(shapes, files);
        ArrayStream? Stream(StreamRows? part) => part is null ? null : new ArrayStream(shape, part, rows);
        return new DataSource(shape, Stream(cut.Training)!, Stream(cut.Validation), owned: files)
        {
            Test = Stream(cut.Test),
            Description = cut.Describe("time step"),
        }.Noting(Remarks(shapes, contents));
    }

    private DataSource? OpenSequences(ArrayShapes shapes)
    {
        int[]? lengths = files.Lengths is null ? null : ArrayLengths.Read(files.Lengths, files.Inputs!, shapes, problems);
        HeldSequences held = HoldOut.Count(_data, shapes.Sequences, problems);
        if (!problems.IsEmpty)
            return null;
        var contents = new ArrayContents(source, shapes, files, problems);
        contents.CheckInputs(Rows(0, shapes.Sequences));
        int trained = shapes.Sequences - held.All, validated = trained + held.Validation;
        if (TryMeasure(
            shapes, contents, Targets(0, trained), held.Validation == 0 ? null : Targets(trained, held.Validation),
            held.Test == 0 ? null : Targets(validated, held.Test)) is not { } shape)
        {
            return null;
        }

        CheckLabels(shapes, lengths);
        if (!problems.IsEmpty)
            return null;
        return DataSource.OfSequences(shape, new ArraySequences(shape, shapes, new(shapes, files), lengths), held, files)
            .Noting(Remarks(shapes, contents));

        IEnumerable<RowRange> Targets(int first, int count) =>
            shapes.LabelRoom > 0 ? [new RowRange((long)first * shapes.LabelRoom, (long)count * shapes.LabelRoom)]
            : shapes.IsTargetAtEnd ? [new RowRange(first, count)] : Rows(first, count);

        IEnumerable<RowRange> Rows(int first, int count) => lengths is null
            ? [new RowRange((long)first * shapes.Steps, (long)count * shapes.Steps)]
            : Enumerable.Range(first, count).Select(sequence => new RowRange((long)sequence * shapes.Steps, lengths[sequence]));
    }

    /// <summary>Refuses labels that no time step of their sequence is there for: they would be left out.</summary>
    private void CheckLabels(ArrayShapes shapes, int[]? lengths)
    {
        var labels = new long[shapes.LabelRoom];
        for (int sequence = 0; labels.Length > 0 && sequence < shapes.Sequences; sequence++)
        {
            int steps = lengths is null ? shapes.Steps : lengths[sequence];
            if (labels.Length <= steps)
                continue;
            files.Targets!.Read((long)sequence * labels.Length, labels);
            if (labels.AsSpan(steps).IndexOfAnyExcept(DataShape.MaskedClass) is >= 0 and var at)
            {
                problems.AddInFile(files.Targets.Name, () => new(
                    DataKeys.Source,
                    $"the label {labels[steps + at]} at {files.Targets.Describe(((long)sequence * labels.Length) + steps + at)}, of a "
                    + $"sequence of {Wording.Count(steps, "time step")}",
                    $"{DataShape.MaskedClass} from there on, because no sequence has more labels than time steps",
                    $"save labels from the left, {DataShape.MaskedClass} behind the last one, or longer inputs"));
            }
        }
    }

    /// <summary>Checks the targets of all parts, each of which needs one that counts.</summary>
    private DataShape? TryMeasure(
        ArrayShapes shapes, ArrayContents contents, IEnumerable<RowRange> training, IEnumerable<RowRange>? validation,
        IEnumerable<RowRange>? test)
    {
        long trained = contents.CheckTargets(training);
        long? held = validation is null ? null : contents.CheckTargets(validation);
        long? tested = test is null ? null : contents.CheckTargets(test);
        if (!problems.IsEmpty)
            return null;
        CheckAny(trained, "trained on");
        CheckAny(held, "held out");
        CheckAny(tested, "tested on");
        return !problems.IsEmpty ? null : new(shapes.InputWidth, contents.Vocabulary, shapes.TargetWidth, contents.Classes)
        {
            IsMasked = contents.Masked > 0 || shapes.IsTargetAtEnd || shapes.LabelRoom > 0,
        };
    }

    private IEnumerable<string> Remarks(ArrayShapes shapes, ArrayContents contents)
    {
        string inputs = shapes.HasTokens ? "tokens" : Wording.Count(shapes.InputWidth, "value");
        yield return $"inputs {files.Inputs!.Header.Type} {Wording.Shape(files.Inputs.Header.Shape)} are "
            + (shapes.IsStream ? $"one stream of {Wording.Count(shapes.Steps, "time step")}"
                : $"{Wording.Count(shapes.Sequences, "sequence")} of {Wording.Count(shapes.Steps, "time step")}")
            + $" with {inputs}{(files.Lengths is null ? "" : ", less padding")}";
        yield return $"targets {files.Targets!.Header.Type} {Wording.Shape(files.Targets.Header.Shape)} are "
            + (shapes.LabelRoom > 0 ? "the labels of each sequence, some of them fewer than there is room for"
                : shapes.HasClasses ? "classes" : Wording.Count(shapes.TargetWidth, "value"))
            + (shapes.LabelRoom > 0 ? "" : shapes.IsTargetAtEnd ? ", at the last time step of each sequence" : " at each time step");
        if (files.Lengths is { Header.Type.Kind: NumberKind.Float } lengths)
            yield return $"lengths {lengths.Header.Type} are all whole numbers and taken as such; array.astype('int64') would say so";
        if (contents.Masked > 0 && shapes.LabelRoom == 0)
            yield return FormattableString.Invariant($"{contents.Masked:N0} targets are masked: they count in no loss");
    }

    private void CheckAny(long? targets, string part)
    {
        if (targets == 0)
        {
            problems.Add(
                DataKeys.Source, $"no target that counts in the part that is {part}: all of {files.Targets!.Name} are masked there",
                "at least one target", "check the mask");
        }
    }
}
