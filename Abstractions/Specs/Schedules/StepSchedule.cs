using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>Less by a factor after every so many steps, <c>torch.optim.lr_scheduler.StepLR</c>.</summary>
public sealed record StepSchedule : ScheduleSpec
{
    /// <summary>Steps from one change to the next, <c>step_size</c>. Default 1.</summary>
    public int Every { get; init; } = 1;

    /// <summary>The factor of a change. Default 0.1.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <inheritdoc/>
    public override string Word => "step";

    /// <inheritdoc/>
    public override string About => "times `gamma` after every `every` steps, as `StepLR`";

    /// <inheritdoc/>
    protected override double After(double lr, long step) => lr * Powers.Of(Gamma, step / Every);

    /// <inheritdoc/>
    protected override ScheduleSpec WalkOwn(SpecWalk walk) => this with
    {
        Every = walk.Count("every", Every, "steps from one change to the next", required: true),
        Gamma = walk.Number("gamma", Gamma, "the factor of a change", NumberRange.Factor),
    };
}
