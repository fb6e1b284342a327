using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>What the first axis of arrays is.</summary>
public enum ArrayLayout
{
    /// <summary>Sequences, and refused where the arrays could be one stream as well.</summary>
    Auto,

    /// <summary>Independent sequences: <c>[N, T, F]</c> or <c>[N, T]</c>.</summary>
    Sequences,

    /// <summary>The time steps of one long stream: <c>[T, F]</c> or <c>[T]</c>.</summary>
    Stream,
}

/// <summary>Whether targets may be missing.</summary>
public enum MissingTargets
{
    /// <summary>A target that is NaN is a mistake.</summary>
    Refuse,

    /// <summary>A target that is NaN is masked: out of loss and weight.</summary>
    Mask,
}

/// <summary>
/// Arrays of inputs and targets, and optionally the number of time steps of each sequence and a mask of the targets. What integers are, the
/// model and the loss decide: inputs are tokens where the model has an embedding, targets are classes where the loss is one of classes.
/// </summary>
public abstract record ArraySource : OpenableSource
{
    private static readonly Word<ArrayLayout>[] Layouts =
    [
        new("auto", ArrayLayout.Auto, "sequences; refused where the arrays could be a stream as well"),
        new("sequences", ArrayLayout.Sequences, "independent sequences, [N, T, F] or [N, T]"),
        new("stream", ArrayLayout.Stream, "one long stream, [T, F] or [T], cut into `batchSize` contiguous rows"),
    ];

    private static readonly Word<MissingTargets>[] Missings =
    [
        new("refuse", MissingTargets.Refuse, "a mistake"),
        new("mask", MissingTargets.Mask, "out of the loss, and of the elements that it is a mean over"),
    ];

    /// <summary>What the first axis is. Default <see cref="ArrayLayout.Auto"/>.</summary>
    public ArrayLayout Layout { get; init; }

    /// <summary>What a target of NaN is. Default <see cref="MissingTargets.Refuse"/>.</summary>
    public MissingTargets MissingTargets { get; init; }

    /// <inheritdoc/>
    public override bool? HasTokens => null;

    /// <inheritdoc/>
    public override bool IsStream => Layout == ArrayLayout.Stream;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        // Specs of former releases do not have them, and their checkpoints name the hash of the written spec.
        Layout = walk.Word(
            "layout", Layout, "what the first axis of the arrays is", Layouts, isWritten: Layout != ArrayLayout.Auto),
        MissingTargets = walk.Word(
            "missingTargets", MissingTargets, "what a target of NaN is", Missings, isWritten: MissingTargets != MissingTargets.Refuse),
    };

    /// <summary>Opens the arrays: inputs and targets, then null or the lengths, null or the mask.</summary>
    /// <param name="opened">Opens the files.</param>
    /// <param name="problems">Collects what cannot be opened.</param>
    internal abstract ArrayFiles OpenArrays(InputFiles opened, ProblemList problems);

    internal override IDataSource Open(RunSpec spec, InputFiles opened)
    {
        var problems = new ProblemList();
        ArrayFiles? files = null;
        try
        {
            files = OpenArrays(opened, problems);
            problems.ThrowIfAny();
            return new ArrayReading(this, spec, files, problems).TryOpen() ?? throw new SpecException(problems.ToList());
        }
        catch (Exception error)
        {
            files?.Dispose();
            if (error is TemporaryFileException full)
            {
                problems.Add(
                    DataKeys.Source, $"no room for the arrays in another order or unpacked ({full.Message})",
                    "a directory for temporary files that has room", "free some, or set TMPDIR to another directory");
                throw new SpecException(problems.ToList());
            }

            throw;
        }
    }
}

/// <summary>The arrays of a source; null where one could not be opened, which was reported, or is not there.</summary>
internal sealed record ArrayFiles(NpyArray? Inputs, NpyArray? Targets, NpyArray? Lengths, NpyArray? Mask) : IDisposable
{
    public void Dispose()
    {
        foreach (NpyArray? array in (NpyArray?[])[Inputs, Targets, Lengths, Mask])
            array?.Dispose();
    }
}
