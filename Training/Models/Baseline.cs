using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>A forecast without a model, with which a model's is compared: an earlier value of the target.</summary>
/// <param name="Name">What it is called: <c>naive</c> or <c>seasonal naive</c>.</param>
/// <param name="Back">How many rows before the row that is forecast from the value is taken.</param>
public sealed record Baseline(string Name, int Back)
{
    /// <summary>The last known value.</summary>
    public static Baseline Naive { get; } = new("naive", 0);

    /// <summary>
    /// The last known value of the same place in a season (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, "Some simple
    /// forecasting methods"): of a difference the difference then.
    /// </summary>
    /// <param name="season">Rows of a season.</param>
    /// <param name="horizon">Rows from the last known value to the one forecast.</param>
    public static Baseline Seasonal(int season, int horizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(season, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        return new("seasonal naive", (season * ((horizon + season - 1) / season)) - horizon);
    }

    /// <summary>All that a forecast is compared with.</summary>
    /// <param name="season">Rows of a season; null where there is none.</param>
    /// <param name="horizon">Rows from the last known value to the one forecast.</param>
    public static IReadOnlyList<Baseline> All(int? season, int horizon) =>
        season is { } rows ? [Naive, Seasonal(rows, horizon)] : [Naive];
}

/// <summary>The errors of a forecast without a model, over the same rows as the model's, as far as it has a value for them.</summary>
/// <param name="Baseline">The forecast.</param>
/// <param name="Totals">Its errors, of each target that is an input, and of each series.</param>
public sealed record BaselineErrors(Baseline Baseline, EvaluationTotals Totals);
