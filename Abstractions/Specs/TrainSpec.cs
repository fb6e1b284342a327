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

/// <summary>How the network is trained.</summary>
public sealed record TrainSpec
{
    /// <summary>Trainers, each with a contiguous share of the lanes; at most as many as lanes. Default 1.</summary>
    public int Trainers { get; init; } = 1;

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

    /// <summary>How the learning rate changes from step to step. Default: not at all.</summary>
    public ScheduleSpec Schedule { get; init; } = LearningRateSchedules.All[0];

    /// <summary>Ends the run early where its loss falls no further; null for a run of all its epochs.</summary>
    public EarlyStoppingSpec? EarlyStopping { get; init; }

    /// <summary>The learning rate of a step, for which no other place is asked.</summary>
    /// <param name="step">Committed steps before it, from 0.</param>
    /// <param name="losses">
    /// The losses of the epochs finished before it: of validation, or of training where nothing is held out.
    /// </param>
    public double LearningRateAt(long step, IReadOnlyList<double> losses) => Schedule.At(Optimizer.Lr, step, losses);
}
