using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Synthetic;

/// <summary>Sequences that are computed from the seed, all equally long.</summary>
public abstract record SyntheticSource : OpenableSource
{
    // The plan of an epoch has an entry for each sequence.
    private const int MaxSequences = 100_000_000;
    private const int MaxSequenceLength = 1_000_000_000;

    /// <summary>How many sequences. Default 300.</summary>
    public int Sequences { get; init; } = 300;

    /// <summary>Time steps of each. Default 100.</summary>
    public int SequenceLength { get; init; } = 100;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Sequences = walk.Count("sequences", Sequences, "how many sequences", max: MaxSequences),
        SequenceLength = walk.Count("sequenceLength", SequenceLength, "time steps of a sequence", max: MaxSequenceLength),
    };

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("data.sequences", "data.sequenceLength", "model.inputSize"))
        {
            int features = Features(spec.Model);
            if ((Int128)Sequences * SequenceLength * features > long.MaxValue)
            {
                findings.Report(
                    "data.sequences", $"{Sequences} of {SequenceLength} time steps of {features} values",
                    $"at most {long.MaxValue} values in all", "lower it, sequenceLength or model.inputSize");
            }
        }

        if (findings.Sound("tbptt.chunkCount", "data.sequenceLength") && spec.Tbptt.ChunkCount is { } count && count > SequenceLength)
        {
            findings.Report(
                "tbptt.chunkCount", $"{count}, more chunks than time steps",
                $"{SequenceLength} or less, because data.sequenceLength is {SequenceLength}", "lower it");
        }
    }

    /// <summary>Values of an input.</summary>
    private protected abstract int Features(ModelSpec model);
}
