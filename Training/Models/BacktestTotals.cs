using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The errors of a backtest's forecasts, and of the baselines: of each target, cut and row ahead, over all series.</summary>
public sealed class BacktestTotals
{
    private readonly BacktestPlan _plan;
    private readonly int _targets;
    private readonly int _perTarget;
    private readonly (ValueMetrics Metrics, double[] Numbers)[] _forecasts;
    private readonly double[] _predictions;

    /// <summary>Totals without an element.</summary>
    /// <param name="plan">The cuts.</param>
    /// <param name="targets">How many targets there are.</param>
    /// <param name="loss">Says what the model predicts.</param>
    public BacktestTotals(BacktestPlan plan, int targets, LossSpec loss)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(loss);
        (_plan, _targets, _perTarget) = (plan, targets, loss.Predictions.Count);
        _forecasts = [Empty(ValueMetrics.Of(loss)), .. Baseline.All(plan.Season, 1).Select(_ => Empty(ValueMetrics.Errors))];
        _predictions = new double[_perTarget == 1 ? 0 : _perTarget];

        (ValueMetrics, double[]) Empty(ValueMetrics metrics) =>
            (metrics, new double[checked(targets * plan.Cuts * plan.Horizon * metrics.Numbers)]);
    }

    /// <summary>The figures of a forecast.</summary>
    /// <param name="forecast">0 for the model's, then the baselines in order.</param>
    public IReadOnlyList<ValueMetric> MetricsOf(int forecast) => _forecasts[forecast].Metrics.All;

    /// <summary>Adds forecasts; elements of which nothing is known, or which a baseline does not forecast, do not count there.</summary>
    public void Add(BacktestWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        Span<double> forecast = stackalloc double[1], actual = stackalloc double[1];
        for (int ahead = 0; ahead < _plan.Horizon; ahead++)
        {
            for (int target = 0; target < _targets; target++)
            {
                int at = (ahead * _targets) + target;
                (forecast[0], actual[0]) = (window.Forecasts[at], window.Actuals[at]);
                if (_perTarget > 1)
                    window.Predictions.AsSpan(at * _perTarget, _perTarget).CopyTo(_predictions);
                Add(0, forecast, actual, _predictions, target);
                for (int one = 1; one < _forecasts.Length; one++)
                {
                    double value = window.Baselines[one - 1][at];
                    (forecast[0], actual[0]) = (value, double.IsNaN(value) ? double.NaN : window.Actuals[at]);
                    Add(one, forecast, actual, [], target);
                }

                void Add(int one, Span<double> forecast, Span<double> actual, Span<double> predictions, int target) =>
                    _forecasts[one].Metrics.Add(
                        forecast, actual, predictions, window.NaiveErrors[target], Numbers(one, target, window.Cut, ahead));
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
        var metrics = _forecasts[forecast].Metrics;
        var total = new double[metrics.Numbers];
        for (int one = cut ?? 0; one <= (cut ?? (_plan.Cuts - 1)); one++)
        {
            for (int row = ahead ?? 0; row <= (ahead ?? (_plan.Horizon - 1)); row++)
            {
                var numbers = Numbers(forecast, target, one, row);
                for (int i = 0; i < total.Length; i++)
                    total[i] += numbers[i];
            }
        }

        return TargetFigures.Of(total, metrics);
    }

    private Span<double> Numbers(int forecast, int target, int cut, int ahead)
    {
        var (metrics, numbers) = _forecasts[forecast];
        int at = (((target * _plan.Cuts) + cut) * _plan.Horizon) + ahead;
        return numbers.AsSpan(at * metrics.Numbers, metrics.Numbers);
    }
}
