using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>
/// Half a cosine down to the lowest rate (Loshchilov and Hutter, 2017), <c>torch.optim.lr_scheduler.CosineAnnealingLR</c>; after it, where
/// PyTorch's rises again, the lowest rate holds.
/// </summary>
public sealed record CosineSchedule : ScheduleSpec
{
    /// <summary>Steps until the lowest rate, <c>T_max</c>. Default 1.</summary>
    public int Steps { get; init; } = 1;

    /// <summary>The lowest rate, <c>eta_min</c>. Default 0.</summary>
    public double MinLr { get; init; }

    /// <inheritdoc/>
    public override string Word => "cosine";

    /// <inheritdoc/>
    public override string About => "down to `minLr` by half a cosine, as `CosineAnnealingLR`; then `minLr` holds";

    /// <inheritdoc/>
    protected override double After(double lr, long step) =>
        MinLr + ((lr - MinLr) * PortableSine.HalfCosine((double)Math.Min(step, Steps) / Steps));

    /// <inheritdoc/>
    protected override ScheduleSpec WalkOwn(SpecWalk walk) => this with
    {
        Steps = Length(walk, Steps),
        MinLr = walk.Number("minLr", MinLr, "the lowest rate", NumberRange.NotNegative),
    };
}
