using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>Less by a factor at every step, <c>torch.optim.lr_scheduler.ExponentialLR</c>.</summary>
public sealed record ExponentialSchedule : ScheduleSpec
{
    /// <summary>The factor of a step. Default 1.</summary>
    public double Gamma { get; init; } = 1;

    /// <inheritdoc/>
    public override string Word => "exponential";

    /// <inheritdoc/>
    public override string About => "times `gamma` at every step, as `ExponentialLR`";

    /// <inheritdoc/>
    protected override double After(double lr, long step) => lr * Powers.Of(Gamma, step);

    /// <inheritdoc/>
    protected override ScheduleSpec WalkOwn(SpecWalk walk) =>
        this with { Gamma = walk.Number("gamma", Gamma, "the factor of a step", NumberRange.Factor, required: true) };
}
