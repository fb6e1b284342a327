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
                Adagrad rule => Adagrad(rule, Parameters[i], gradient[i], lr, ref _first[i]),
                NAdam rule => NAdam(rule, Parameters[i], gradient[i], lr, ref _first[i], ref _second[i]),
                RAdam rule => RAdam(rule, Parameters[i], gradient[i], lr, ref _first[i], ref _second[i]),
                Lion rule => Lion(rule, Parameters[i], gradient[i], lr, ref _first[i]),
                _ => throw new InvalidOperationException($"no textbook has {spec.Word}"),
            };
        }
    }

    private double Sgd(Sgd rule, double p, double g, double lr, ref double b)
    {
        g += rule.WeightDecay * p;
        b = _step > 1 ? rule.Momentum * b + g : g;
        return p - lr * (rule.Nesterov ? g + rule.Momentum * b : rule.Momentum != 0 ? b : g);
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

    private static double Adagrad(Adagrad rule, double p, double g, double lr, ref double s)
    {
        s += g * g;
        return p - lr * g / (Math.Sqrt(s) + rule.Eps);
    }

    private double NAdam(NAdam rule, double p, double g, double lr, ref double m, ref double v)
    {
        m = rule.Beta1 * m + (1 - rule.Beta1) * g;
        v = rule.Beta2 * v + (1 - rule.Beta2) * g * g;
        double product = Enumerable.Range(1, _step).Aggregate(1.0, (all, step) => all * Mu(step));
        double mHat = Mu(_step + 1) * m / (1 - product * Mu(_step + 1)) + (1 - Mu(_step)) * g / (1 - product);
        return p - lr * mHat / (Math.Sqrt(v / (1 - Math.Pow(rule.Beta2, _step))) + rule.Eps);

        double Mu(int step) => rule.Beta1 * (1 - 0.5 * Math.Pow(0.96, step * 0.004));
    }

    private double RAdam(RAdam rule, double p, double g, double lr, ref double m, ref double v)
    {
        m = rule.Beta1 * m + (1 - rule.Beta1) * g;
        v = rule.Beta2 * v + (1 - rule.Beta2) * g * g;
        double power = Math.Pow(rule.Beta2, _step), mHat = m / (1 - Math.Pow(rule.Beta1, _step));
        double most = 2 / (1 - rule.Beta2) - 1, rho = most - 2 * _step * power / (1 - power);
        if (rho <= 5)
            return p - lr * mHat;
        double r = Math.Sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho));
        return p - lr * mHat * r * Math.Sqrt(1 - power) / (Math.Sqrt(v) + rule.Eps);
    }

    private static double Lion(Lion rule, double p, double g, double lr, ref double m)
    {
        double step = Math.Sign(rule.Beta1 * m + (1 - rule.Beta1) * g) + rule.WeightDecay * p;
        m = rule.Beta2 * m + (1 - rule.Beta2) * g;
        return p - lr * step;
    }
}
