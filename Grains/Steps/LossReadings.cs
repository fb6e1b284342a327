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
    public static IReadOnlyList<Metric> Of(RunSpec spec, double loss, HeldOutFigures? held)
    {
        if (spec.Data.Source.BitsPer is not { } unit)
            return held?.Metrics ?? [];
        var training = new Metric("training", loss / Math.Log(2), unit, MetricKind.Training);
        return held is null ? [training] : [training, new("validation", held.Loss / Math.Log(2), unit, MetricKind.Validation)];
    }
}
