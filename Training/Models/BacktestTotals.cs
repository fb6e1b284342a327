using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The errors of a backtest's forecasts, and of the baselines: of each target, cut and row ahead, over all series.</summary>
/// <param name="plan">The cuts.</param>
/// <param name="targets">How many targets there are.</param>
public sealed class BacktestTotals(BacktestPlan plan, int targets)
{
    private readonly int _forecasts = 1 + Baseline.All(plan.Season, 1).Count;
    private readonly double[] _numbers = new double[checked(
        (1 + Baseline.All(plan.Season, 1).Count) * targets * plan.Cuts * plan.Horizon * ValueMetrics.Numbers)];

    /// <summary>Adds forecasts; elements of which nothing is known, or which a baseline does not forecast, do not count there.</summary>
    public void Add(BacktestWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        Span<double> forecast = stackalloc double[1], actual = stackalloc double[1];
        for (int ahead = 0; ahead < plan.Horizon; ahead++)
        {
            for (int target = 0; target < targets; target++)
            {
                int at = (ahead * targets) + target;
                for (int one = 0; one < _forecasts; one++)
                {
                    double value = one == 0 ? window.Forecasts[at] : window.Baselines[one - 1][at];
                    bool isNone = one > 0 && double.IsNaN(value);
                    (forecast[0], actual[0]) = (value, isNone ? double.NaN : window.Actuals[at]);
                    ValueMetrics.Add(forecast, actual, Numbers(one, target, window.Cut, ahead));
                }
            }
        }
    }

    /// <summary>The errors of one forecast; null where there is no element.</summary>
    /// <param name="forecast">0 for the model's, then the baselines in order.</param>
    /// <param name="target">Which target.</param>
    /// <param name="cut">The cut; null for all.</param>
    /// <param name="ahead">The row ahead, from 0; null for all.</param>
    public TargetFigures? Of(int forecast, int target, int? cut = null, int? ahead = null)
    {
        var total = new double[ValueMetrics.Numbers];
        for (int one = cut ?? 0; one <= (cut ?? (plan.Cuts - 1)); one++)
        {
            for (int row = ahead ?? 0; row <= (ahead ?? (plan.Horizon - 1)); row++)
            {
                var numbers = Numbers(forecast, target, one, row);
                for (int i = 0; i < total.Length; i++)
                    total[i] += numbers[i];
            }
        }

        return TargetFigures.Of(total);
    }

    private Span<double> Numbers(int forecast, int target, int cut, int ahead) => _numbers.AsSpan(
        ((((((forecast * targets) + target) * plan.Cuts) + cut) * plan.Horizon) + ahead) * ValueMetrics.Numbers, ValueMetrics.Numbers);
}
