namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>The optimizer's rate at every step, <c>torch.optim.lr_scheduler.ConstantLR</c> with factor 1.</summary>
public sealed record ConstantSchedule : ScheduleSpec
{
    /// <inheritdoc/>
    public override string Word => "constant";

    /// <inheritdoc/>
    public override string About => "the same rate at every step";

    /// <inheritdoc/>
    protected override double After(double lr, long step) => lr;
}
