using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What losses mean in the data's own units.</summary>
internal static class LossReadings
{
    /// <summary>The losses in other units (<see cref="CodeLength"/>), and the figures of the evaluation.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="loss">The epoch's mean training loss.</param>
    /// <param name="held">What its evaluation gave; null where nothing is held out.</param>
    public static IReadOnlyList<Metric> Of(RunSpec spec, double loss, HeldOutFigures? held) =>
    [
        .. CodeLength.Of(spec, loss, MetricKind.Training),
        .. held is null ? [] : CodeLength.Of(spec, held.Loss, MetricKind.Validation), .. held?.Metrics ?? [],
    ];

    /// <summary>The figures of the test, its loss in other units among them.</summary>
    public static HeldOutFigures OfTest(RunSpec spec, HeldOutFigures test) =>
        test with { Metrics = [.. CodeLength.Of(spec, test.Loss, MetricKind.Test), .. test.Metrics] };
}
