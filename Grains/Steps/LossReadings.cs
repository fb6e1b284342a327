using Orleans.Tbptt.Data;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What losses mean in the data's own units.</summary>
internal static class LossReadings
{
    /// <summary>
    /// Bits per byte for a stream of bytes (cross-entropy in nats over ln 2); for a forecast the root mean squared error over the
    /// validation split, in the target's unit, next to that of forecasting the last known value.
    /// </summary>
    public static IReadOnlyList<Metric> Of(RunSpec spec, IDataSource data, double loss, double? validationLoss)
    {
        var metrics = new List<Metric>();
        if (spec.Data.Source.BitsPer is { } unit)
        {
            metrics.Add(new("training", loss / Math.Log(2), unit, MetricKind.Training));
            if (validationLoss is { } held)
                metrics.Add(new("validation", held / Math.Log(2), unit, MetricKind.Validation));
        }

        if (data.ForecastScale is { } scale && validationLoss is { } error)
        {
            metrics.Add(new("validation RMSE", scale.Rmse(error), scale.Unit, MetricKind.Validation));
            metrics.Add(new("naive last-value RMSE", scale.NaiveRmse, scale.Unit, MetricKind.Baseline));
        }

        return metrics;
    }
}
