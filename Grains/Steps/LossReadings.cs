using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What losses mean in the data's own units.</summary>
internal static class LossReadings
{
    /// <summary>
    /// Bits per byte for a stream of bytes (cross-entropy in nats over ln 2); the errors of targets that are values in their units.
    /// </summary>
    /// <param name="spec">The spec.</param>
    /// <param name="loss">The epoch's mean training loss.</param>
    /// <param name="held">What its evaluation gave; null where nothing is held out.</param>
    public static IReadOnlyList<Metric> Of(RunSpec spec, double loss, HeldOutFigures? held) =>
    [
        .. InBits(spec, loss, MetricKind.Training), .. held is null ? [] : InBits(spec, held.Loss, MetricKind.Validation),
        .. held?.Metrics ?? [],
    ];

    /// <summary>The figures of the test, its loss in bits among them where that is its unit.</summary>
    public static HeldOutFigures OfTest(RunSpec spec, HeldOutFigures test) =>
        test with { Metrics = [.. InBits(spec, test.Loss, MetricKind.Test), .. test.Metrics] };

    private static IEnumerable<Metric> InBits(RunSpec spec, double loss, MetricKind kind) =>
        spec.Data.Source.BitsPer is { } unit && spec.Train.Loss.IsCodeLength
        ? [new(kind.ToString().ToLowerInvariant(), loss / Math.Log(2), unit, kind)]
        : [];
}
