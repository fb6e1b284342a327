using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>
/// Back over a window of the last time steps: TBPTT(k1, k2) of Williams and Peng (1990), k1 being <see cref="TbpttSpec.ChunkLength"/> and
/// k2 <see cref="Length"/>. A step computes its lane's window with the parameters of the step, from the hidden state that was committed at
/// the window's start; the loss counts the newest chunk alone.
/// </summary>
public sealed record WindowBackprop : BackpropSpec
{
    /// <summary>Time steps of the window, k2; a multiple of the chunk's. Shorter where the sequence started later.</summary>
    public int Length { get; init; } = 1;

    /// <inheritdoc/>
    public override string Word => "window";

    /// <inheritdoc/>
    public override string About => "over the last `length` time steps, computed anew from the hidden state that was saved at their start";

    /// <summary><c>{length: 200}</c> is enough.</summary>
    public override bool IsKnownByItsKeys => true;

    /// <inheritdoc/>
    public override Choice Walk(SpecWalk walk) => this with
    {
        Length = walk.Count(
            "length", Length, "time steps of the window, a multiple of chunkLength; the loss counts the newest chunk alone",
            required: true),
    };

    /// <inheritdoc/>
    public override int WindowChunks(int chunkLength) => Length / chunkLength;

    internal override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("tbptt.chunkCount") && spec.Tbptt.ChunkCount is not null)
        {
            findings.Report("tbptt.chunkCount", "chunkCount with backprop window",
                "chunkLength, because a window is a number of chunks of one length", "write chunkLength");
        }

        if (findings.Sound("tbptt.chunkLength", "tbptt.backprop.length") && spec.Tbptt.ChunkLength is { } chunk && Length % chunk != 0)
        {
            findings.Report("tbptt.backprop.length", $"{Length} with chunks of {chunk} time steps", $"a multiple of {chunk}",
                $"write {Math.Max(1, (Length + (chunk / 2)) / chunk) * (long)chunk}");
        }

        if (findings.Sound("extends") && spec.Extends is { Follow: true })
        {
            findings.Report("tbptt.backprop", "window with extends.follow",
                "chunk, because where a window begins would depend on when rows came", "write chunk");
        }
    }
}
