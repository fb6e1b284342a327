using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>
/// Up to the optimizer's rate and down far below where it began, each by half a cosine (Smith and Topin, 2019),
/// <c>torch.optim.lr_scheduler.OneCycleLR</c> with two phases; after the cycle, where PyTorch's throws, the last rate holds.
/// </summary>
public sealed record OneCycleSchedule : ScheduleSpec
{
    /// <summary>Steps of the cycle, <c>total_steps</c>. Default 2.</summary>
    public int Steps { get; init; } = 2;

    /// <summary>The share of the cycle in which the rate rises, <c>pct_start</c>. Default 0.3.</summary>
    public double PctStart { get; init; } = 0.3;

    /// <summary>The optimizer's rate over the first one, <c>div_factor</c>. Default 25.</summary>
    public double DivFactor { get; init; } = 25;

    /// <summary>The first rate over the last one, <c>final_div_factor</c>. Default 10,000.</summary>
    public double FinalDivFactor { get; init; } = 1e4;

    /// <inheritdoc/>
    public override string Word => "oneCycle";

    /// <inheritdoc/>
    public override string About => "up to the rate and down again, each by half a cosine, as `OneCycleLR`; then the last rate holds";

    /// <inheritdoc/>
    protected override double After(double lr, long step)
    {
        double first = lr / DivFactor, last = first / FinalDivFactor;
        double at = Math.Min(step, Steps - 1), top = (PctStart * Steps) - 1;
        return at < top ? Between(first, lr, at / top) : Between(lr, last, (at - top) / (Steps - 1 - top));
    }

    /// <inheritdoc/>
    protected override ScheduleSpec WalkOwn(SpecWalk walk) => this with
    {
        Steps = walk.Count("steps", Steps, "steps of the cycle; the warmup does not count", min: 2, required: true),
        PctStart = walk.Number("pctStart", PctStart, "share of the cycle in which the rate rises", NumberRange.Share),
        DivFactor = walk.Number("divFactor", DivFactor, "the rate over the first one", NumberRange.AtLeastOne),
        FinalDivFactor = walk.Number("finalDivFactor", FinalDivFactor, "the first rate over the last one", NumberRange.AtLeastOne),
    };

    private static double Between(double start, double end, double share) =>
        end + ((start - end) * PortableSine.HalfCosine(share));
}
