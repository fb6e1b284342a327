namespace Orleans.Tbptt.Specs;

/// <summary>
/// Everything that determines the result of a run, and how often its state is saved on the way. Two runs of equal specs over equal data end
/// with the same model, bit for bit.
/// </summary>
/// <remarks>
/// Records here hold values that the spec loader has checked one by one; what only the data determine (a size left out, a head that does
/// not fit the targets) is filled in and checked when the data source is opened.
/// </remarks>
public sealed record RunSpec
{
    private static readonly DeviceName AnyGpu = new("cuda:0");

    /// <summary>A name for people; part of the run's id. Defaults to the spec file's name.</summary>
    public required string Name { get; init; }

    /// <summary>Seed of every pseudo-random choice: initial weights, shuffles, dropout masks, synthetic data. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The device each replica computes on: <c>auto</c> (the silo's own choice), <c>cpu</c> or <c>cuda:N</c>.</summary>
    public DeviceName Device { get; init; } = DeviceName.Auto;

    /// <summary>What computes the replicas' passes.</summary>
    public required EngineSpec Engine { get; init; }

    /// <summary>
    /// <see cref="Device"/>; the CPU where that is <c>auto</c> and the engine does not compute on GPUs, or not this model and loss.
    /// </summary>
    public DeviceName ComputesOn =>
        Device == DeviceName.Auto && !Engine.Computes(this with { Device = AnyGpu }) ? DeviceName.Cpu : Device;

    /// <summary>Whether the run's bits are the same on every processor, of the engine that computes on some device at least.</summary>
    public bool IsSameEverywhere => Engine.IsSameEverywhere && !Train.UsesTensorCores;

    /// <summary>The network.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The sequences.</summary>
    public required DataSpec Data { get; init; }

    /// <summary>How sequences are cut into chunks.</summary>
    public required TbpttSpec Tbptt { get; init; }

    /// <summary>How the network is trained on them.</summary>
    public required TrainSpec Train { get; init; }

    /// <summary>
    /// Whether a step, an evaluation and a forecast each take whole sequences in one piece, and carry no state: because the network is
    /// bidirectional, or because of the loss.
    /// </summary>
    public bool TakesWholeSequences => Model.Bidirectional || Train.Loss.NeedsWholeSequences;

    /// <summary>Whether a step of whole sequences is run in pieces of <see cref="TbpttSpec.ChunkLength"/> time steps.</summary>
    public bool WorksByPieces => Tbptt.Backprop.IsFull && Engine.WorksByPieces && !TakesWholeSequences;

    /// <summary>The end of another run, which this one continues on data that grew; null for none.</summary>
    public ExtendsSpec? Extends { get; init; }

    /// <summary>Where the run is stopped, to be resumed with greater limits; null for no limits. Has no part in the result.</summary>
    public LimitsSpec? Limits { get; init; }

    /// <summary>How often a step is computed again on another silo; null for never. Has no part in the result.</summary>
    public AuditSpec? Audit { get; init; }

    /// <summary>Whether tickets that are late also go to another silo. Default auto. Has no part in the result.</summary>
    public SpeculationKind Speculate { get; init; } = SpeculationKind.Auto;

    /// <summary>When the run's state is saved. Has no part in the result.</summary>
    public CheckpointSpec Checkpoint { get; init; } = new();

    /// <summary>Which events are kept. Has no part in the result.</summary>
    public MetricsSpec Metrics { get; init; } = new();
}
