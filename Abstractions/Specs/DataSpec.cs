namespace Orleans.Tbptt.Specs;

/// <summary>The sequences of a run.</summary>
public sealed record DataSpec
{
    /// <summary>Where they come from.</summary>
    public required SourceSpec Source { get; init; }

    /// <summary>Lanes of the whole run: how many sequences are trained on at a time.</summary>
    public required int BatchSize { get; init; }

    /// <summary>
    /// Whether each epoch takes the sequences in an order drawn from (seed, epoch). Independent sequences only. Default false.
    /// </summary>
    public bool Shuffle { get; init; }

    /// <summary>The share, in [0, 1), that is held out from the end: of the sequences, or of a stream's time. Default 0.</summary>
    public double ValidationFraction { get; init; }

    /// <summary>What is held out for validation instead of a share; null for nothing else.</summary>
    public HeldOutSpec? Validation { get; init; }

    /// <summary>
    /// What is held out for the test at the end of the run; null for nothing. It lies behind what is validated on, where both are the end
    /// of the same data.
    /// </summary>
    public HeldOutSpec? Test { get; init; }

    /// <summary>Whether the source is one long stream, cut into as many contiguous rows as there are lanes.</summary>
    public bool IsStream => Source.IsStream;

    /// <summary>What the section of a part says; null where the spec has none.</summary>
    public HeldOutSpec? Of(HeldOutPart part) => part == HeldOutPart.Test ? Test : Validation;
}
