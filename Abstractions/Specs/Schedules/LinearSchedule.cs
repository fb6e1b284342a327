using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>From one share of the optimizer's rate to another in a straight line, <c>torch.optim.lr_scheduler.LinearLR</c>.</summary>
public sealed record LinearSchedule : ScheduleSpec
{
    /// <summary>Steps until the last rate. Default 1.</summary>
    public int Steps { get; init; } = 1;

    /// <summary>The share of the optimizer's rate at the first step. Default 1.</summary>
    public double Start { get; init; } = 1;

    /// <summary>The share at the last step. Default 0.</summary>
    public double End { get; init; }

    /// <inheritdoc/>
    public override string Word => "linear";

    /// <inheritdoc/>
    public override string About => "from `start` to `end` times the rate in a straight line, as `LinearLR`";

    /// <inheritdoc/>
    protected override double After(double lr, long step) => lr * (Start + ((End - Start) * ((double)Math.Min(step, Steps) / Steps)));

    /// <inheritdoc/>
    protected override ScheduleSpec WalkOwn(SpecWalk walk) => this with
    {
        Steps = Length(walk, Steps),
        Start = walk.Number("start", Start, "share of the rate at the first step", NumberRange.Unit),
        End = walk.Number("end", End, "share of the rate at the end", NumberRange.Unit),
    };
}
