using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Training.Optimizers;

/// <summary>
/// The update rules as PyTorch's documentation of <c>torch.optim</c> writes them, element by element in double precision.
/// </summary>
internal sealed class TextbookOptimizer(OptimizerSpec spec, float[] initial)
{
    private readonly double[] _first = new double[initial.Length];
    private readonly double[] _second = new double[initial.Length];
    private int _step;

    public double[] Parameters { get; } = [.. initial.Select(value => (double)value)];

    public void Step(float[] gradient, double lr)
    {
        _step++;
        for (int i = 0; i < gradient.Length; i++)
        {
            Parameters[i] = spec switch
            {
                Sgd rule => Sgd(rule, Parameters[i], gradient[i], lr, ref _first[i]),
                Adam rule => Adam(rule, Parameters[i], gradient[i], lr, ref _first[i], ref _second[i]),
                AdamW rule =>
                    Adam(rule, Parameters[i] - lr * rule.WeightDecay * Parameters[i], gradient[i], lr, ref _first[i], ref _second[i]),
                RmsProp rule => RmsProp(rule, Parameters[i], gradient[i], lr, ref _first[i]),
                _ => throw new InvalidOperationException($"no textbook has {spec.Word}"),
            };
        }
    }

    private double Sgd(Sgd rule, double p, double g, double lr, ref double b)
    {
        b = _step > 1 ? rule.Momentum * b + g : g;
        return p - lr * (rule.Momentum != 0 ? b : g);
    }

    private double Adam(AdaptiveRule rule, double p, double g, double lr, ref double m, ref double v)
    {
        m = rule.Beta1 * m + (1 - rule.Beta1) * g;
        v = rule.Beta2 * v + (1 - rule.Beta2) * g * g;
        double mHat = m / (1 - Math.Pow(rule.Beta1, _step)), vHat = v / (1 - Math.Pow(rule.Beta2, _step));
        return p - lr * mHat / (Math.Sqrt(vHat) + rule.Eps);
    }

    private static double RmsProp(RmsProp rule, double p, double g, double lr, ref double v)
    {
        v = rule.Alpha * v + (1 - rule.Alpha) * g * g;
        return p - lr * g / (Math.Sqrt(v) + rule.Eps);
    }
}
