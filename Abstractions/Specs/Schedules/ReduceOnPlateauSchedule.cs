using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>
/// Less by a factor when the loss has not become lower for some epochs, <c>torch.optim.lr_scheduler.ReduceLROnPlateau</c> in its mode
/// <c>min</c> with a relative threshold, called at each epoch's end: a pure function of the losses of finished epochs.
/// </summary>
public sealed record ReduceOnPlateauSchedule : ScheduleSpec
{
    // A change of less than this is not made: eps of PyTorch.
    private const double LeastChange = 1e-8;

    /// <summary>The factor of a change. Default 0.1.</summary>
    public double Factor { get; init; } = 0.1;

    /// <summary>Epochs in succession without a lower loss that are let pass; the rate falls after one more. Default 10.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>A loss counts as lower where it is less than (1 − threshold) times the lowest one so far. Default 1e-4.</summary>
    public double Threshold { get; init; } = 1e-4;

    /// <summary>Epochs after a change in which none is counted as one without a lower loss. Default 0.</summary>
    public int Cooldown { get; init; }

    /// <summary>The lowest rate. Default 0.</summary>
    public double MinLr { get; init; }

    /// <inheritdoc/>
    public override string Word => "reduceOnPlateau";

    /// <inheritdoc/>
    public override string About =>
        "times `factor` when the loss (validation's; training's where nothing is held out) has not become lower for more than `patience` "
        + "epochs, as `ReduceLROnPlateau`; not with `sync.mode: local`";

    /// <inheritdoc/>
    public override bool DependsOnLosses => true;

    /// <inheritdoc/>
    protected override double Base(double lr, IReadOnlyList<double> losses)
    {
        double lowest = double.PositiveInfinity;
        int bad = 0, cooling = 0;
        foreach (double loss in losses)
        {
            if (loss < lowest * (1 - Threshold))
                (lowest, bad) = (loss, 0);
            else
                bad++;
            if (cooling > 0)
                (cooling, bad) = (cooling - 1, 0);
            if (bad <= Patience)
                continue;
            double lower = Math.Max(lr * Factor, MinLr);
            lr = lr - lower > LeastChange ? lower : lr;
            (cooling, bad) = (Cooldown, 0);
        }

        return lr;
    }

    /// <inheritdoc/>
    protected override double After(double lr, long step) => lr;

    /// <inheritdoc/>
    protected override ScheduleSpec WalkOwn(SpecWalk walk) => this with
    {
        Factor = walk.Number("factor", Factor, "the factor of a change", NumberRange.Factor),
        Patience = walk.Count(
            "patience", Patience, "epochs in succession without a lower loss that are let pass; the rate falls after one more", min: 0),
        Threshold = walk.Number(
            "threshold", Threshold, "a loss counts as lower where it is less than (1 − `threshold`) times the lowest one so far",
            NumberRange.Share),
        Cooldown = walk.Count("cooldown", Cooldown, "epochs after a change that do not count as ones without a lower loss", min: 0),
        MinLr = walk.Number("minLr", MinLr, "the lowest rate", NumberRange.NotNegative),
    };
}
