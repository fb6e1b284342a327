using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Schedules;

namespace Orleans.Tbptt.Specs;

/// <summary>What parameters and gradients are rounded to where they pass between coordinator and trainers, wherever those live.</summary>
public enum WireKind
{
    /// <summary>float32, which they are: nothing is rounded.</summary>
    Full,

    /// <summary>
    /// bfloat16, half the bytes: parameters are rounded to the nearest, gradients by stochastic rounding. The state stays float32.
    /// </summary>
    Bfloat16,
}

/// <summary>What factors of the large matrix products are rounded to on a GPU. Sums, parameters and states stay float32.</summary>
public enum PrecisionKind
{
    /// <summary>float32, which they are: nothing is rounded, and the bits are those of every processor.</summary>
    Full,

    /// <summary>TF32, with 11 bits of precision, on tensor cores.</summary>
    Tf32,

    /// <summary>bfloat16, with 8 bits of precision, on tensor cores.</summary>
    Bfloat16,
}

/// <summary>How the network is trained.</summary>
public sealed record TrainSpec
{
    /// <summary>Trainers, each with a contiguous range of the shards. How many there are changes no bit of the model. Default 1.</summary>
    public int Trainers { get; init; } = 1;

    /// <summary>
    /// Shards: contiguous parts of the lanes, over which gradients are summed in a fixed order, so that the model depends on their number.
    /// Null, the default, for as many as there are trainers when the run is submitted.
    /// </summary>
    public int? Shards { get; init; }

    /// <summary>
    /// Between which numbers of trainers the run scales itself; null, the default, for a number that changes only if somebody wants so. Has
    /// no part in the result.
    /// </summary>
    public AutoscaleSpec? Autoscale { get; init; }

    /// <summary>
    /// Threads that compute each trainer's chunks, as many slots of a silo as it takes. How many there are changes no bit of the model.
    /// Default 1.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>How many trainers the run begins with where there are slots for them.</summary>
    public int FirstTrainers => Autoscale is { } scale ? Math.Clamp(Trainers, scale.Min, Math.Max(scale.Min, scale.Max)) : Trainers;

    /// <summary>The fewest trainers that the run works with by itself: each may have that many more lanes.</summary>
    public int FewestTrainers => Autoscale?.Min ?? Trainers;

    /// <summary>How many shards there are.</summary>
    public int ShardCount => Shards ?? Trainers;

    /// <summary>
    /// This with another number of trainers: the shards stay as they are, and with them the bits, where there are enough for the trainers.
    /// </summary>
    internal TrainSpec WithTrainers(int trainers) =>
        trainers == Trainers ? this : this with { Trainers = trainers, Shards = Math.Max(trainers, ShardCount) };

    /// <summary>Passes over the training sequences.</summary>
    public required int Epochs { get; init; }

    /// <summary>What is minimised.</summary>
    public required LossSpec Loss { get; init; }

    /// <summary>What turns a gradient into an update.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>The averaged gradient is scaled down to this global norm when it is longer; null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>
    /// Each element of the averaged gradient is limited to ± this, after <see cref="ClipNorm"/>; null for no limit.
    /// </summary>
    public double? ClipValue { get; init; }

    /// <summary>How often trainers exchange what they have learned. Default: at every step.</summary>
    public SyncSpec Sync { get; init; } = new();

    /// <inheritdoc cref="SyncSpec.IsLocal"/>
    public bool IsLocal => Sync.IsLocal;

    /// <summary>What parameters and gradients are rounded to on their way. Default <see cref="WireKind.Full"/>.</summary>
    public WireKind Wire { get; init; } = WireKind.Full;

    /// <summary>Whether parameters and gradients are rounded to bfloat16.</summary>
    public bool IsNarrow => Wire switch
    {
        WireKind.Full => false,
        WireKind.Bfloat16 => true,
        var other => throw new InvalidOperationException($"wire {other} says nothing about widths"),
    };

    /// <summary>
    /// What factors of the large matrix products are rounded to. Default <see cref="PrecisionKind.Full"/>; another one needs a GPU.
    /// </summary>
    public PrecisionKind Precision { get; init; } = PrecisionKind.Full;

    /// <summary>Its word.</summary>
    public string PrecisionWord => WordOf(Precision);

    /// <summary>The word of a precision.</summary>
    public static string WordOf(PrecisionKind precision) => Words.For(SpecWords.Precisions, precision);

    /// <summary>Whether large matrix products are computed by a GPU's tensor cores.</summary>
    public bool UsesTensorCores => Precision switch
    {
        PrecisionKind.Full => false,
        PrecisionKind.Tf32 or PrecisionKind.Bfloat16 => true,
        var other => throw new InvalidOperationException($"precision {other} says nothing about tensor cores"),
    };

    /// <summary>How the learning rate changes from step to step. Default: not at all.</summary>
    public ScheduleSpec Schedule { get; init; } = LearningRateSchedules.All[0];

    /// <summary>
    /// Chunks, in order, whose gradients are summed and make one update; the last update of an epoch is of those that are left. Default 1.
    /// </summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>An exponential moving average of the parameters; null for none.</summary>
    public EmaSpec? Ema { get; init; }

    /// <summary>Which parameters the run leaves as its model. Default: those after the last step.</summary>
    public OutputKind Output { get; init; } = OutputKind.Last;

    /// <summary>Whether an average of the parameters is kept.</summary>
    public bool KeepsAverage => Ema is not null || Optimizer.Averaging is not null;

    /// <summary>Whether the average is what is evaluated, once it has begun.</summary>
    public bool EvaluatesAverage => Output == OutputKind.Ema || Optimizer.Averaging is not null;

    /// <summary>Whether a chunk is the last one of those that make an update.</summary>
    /// <param name="chunk">Its place in the epoch, from 0.</param>
    /// <param name="chunks">The chunks of the epoch.</param>
    public bool ClosesUpdate(long chunk, long chunks) => (chunk + 1) % Accumulate == 0 || chunk + 1 == chunks;

    /// <summary>Ends the run early where its loss falls no further; null for a run of all its epochs.</summary>
    public EarlyStoppingSpec? EarlyStopping { get; init; }

    /// <summary>The learning rate of an update, for which no other place is asked.</summary>
    /// <param name="update">Updates before it, from 0: steps, but where gradients of several chunks make one update.</param>
    /// <param name="losses">
    /// The losses of the epochs finished before it: of validation, or of training where nothing is held out.
    /// </param>
    public double LearningRateAt(long update, IReadOnlyList<double> losses) => Schedule.At(Optimizer.Lr, update, losses);
}
