using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Training.Optimizers;

/// <summary>The update rules as PyTorch's documentation of <c>torch.optim</c> writes them, element by element in double precision.</summary>
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
            Parameters[i] = spec.Name switch
            {
                OptimizerKind.Sgd => Sgd(Parameters[i], gradient[i], lr, ref _first[i]),
                OptimizerKind.Adam => Adam(Parameters[i], gradient[i], lr, ref _first[i], ref _second[i]),
                OptimizerKind.AdamW => Adam(Parameters[i] - lr * spec.WeightDecay * Parameters[i], gradient[i], lr, ref _first[i], ref _second[i]),
                _ => RmsProp(Parameters[i], gradient[i], lr, ref _first[i]),
            };
        }
    }

    private double Sgd(double p, double g, double lr, ref double b)
    {
        b = _step > 1 ? spec.Momentum * b + g : g;
        return p - lr * (spec.Momentum != 0 ? b : g);
    }

    private double Adam(double p, double g, double lr, ref double m, ref double v)
    {
        m = spec.Beta1 * m + (1 - spec.Beta1) * g;
        v = spec.Beta2 * v + (1 - spec.Beta2) * g * g;
        double mHat = m / (1 - Math.Pow(spec.Beta1, _step)), vHat = v / (1 - Math.Pow(spec.Beta2, _step));
        return p - lr * mHat / (Math.Sqrt(vHat) + spec.Eps);
    }

    private double RmsProp(double p, double g, double lr, ref double v)
    {
        v = spec.Alpha * v + (1 - spec.Alpha) * g * g;
        return p - lr * g / (Math.Sqrt(v) + spec.Eps);
    }
}
