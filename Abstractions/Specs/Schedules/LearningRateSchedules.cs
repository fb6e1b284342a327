namespace Orleans.Tbptt.Specs.Schedules;

/// <summary>Every schedule that a spec can name; the first is the default.</summary>
public static class LearningRateSchedules
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<ScheduleSpec> All { get; } =
    [
        new ConstantSchedule(), new LinearSchedule(), new CosineSchedule(), new StepSchedule(), new ExponentialSchedule(),
        new OneCycleSchedule(), new ReduceOnPlateauSchedule(),
    ];
}
