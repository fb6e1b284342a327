using System.Numerics;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Adam with Nesterov's momentum (Dozat, 2016), <c>torch.optim.NAdam</c>.</summary>
public sealed record NAdam : AdaptiveRule
{
    /// <inheritdoc/>
    public override string Word => "nadam";

    /// <inheritdoc/>
    public override string About => "Adam with Nesterov's momentum (Dozat, 2016), whose decay of the momentum is 0.004";

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new NesterovMoments(this, parameters);
}

/// <summary>
/// NAdam, as <c>torch.optim.NAdam</c> writes it: the momentum of step t is μ(t) = β₁ (1 − ½ · 0.96^(0.004 t)), the running means are
/// Adam's, and the update is lr · ((1 − μ(t)) / (1 − Πμ) · g + μ(t+1) / (1 − Πμ · μ(t+1)) · m) / (√(v / (1 − β₂ᵗ)) + ε).
/// </summary>
internal sealed class NesterovMoments(NAdam rule, int parameters) : IOptimizer
{
    // 0.96^0.004, the momentum's decay in a step. A literal, because libraries differ in the last bits of powers.
    private const double Decay = 0.9998367253526753;

    private readonly float[] _mean = new float[parameters];
    private readonly float[] _square = new float[parameters];
    private double _product = 1;
    private long _multiplied;
    private Kernel _kernel;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("exp_avg", _mean), new("exp_avg_sq", _square)];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        double product = ProductOfMomenta(), now = Momentum(Count), next = Momentum(Count + 1);
        _kernel = new(
            Moments.Of(rule),
            Correction: new((float)Math.Sqrt(1 - Powers.Of(rule.Beta2, Count))),
            Eps: new((float)rule.Eps),
            OfGradient: new((float)(learningRate * (1 - now) / (1 - product))),
            OfMean: new((float)(learningRate * next / (1 - product * next))));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) => IsFinite &= FusedPass.Run(
        _kernel, parameters, gradient, _mean.AsSpan(first, parameters.Length), _square.AsSpan(first, parameters.Length));

    /// <summary>
    /// The product of the momenta of all steps up to this one. It is no part of the state: it follows from <see cref="Count"/>, by the same
    /// multiplications in the same order when a state is restored. It is 0 after some thousands of steps, and remains 0.
    /// </summary>
    private double ProductOfMomenta()
    {
        if (_multiplied > Count)
            (_product, _multiplied) = (1, 0);
        while (_multiplied < Count && _product > 0)
            _product *= Momentum(++_multiplied);
        _multiplied = Count;
        return _product;
    }

    private double Momentum(long step) => rule.Beta1 * (1 - 0.5 * Powers.Of(Decay, step));

    private readonly record struct Kernel(
        Moments Moments, Vector<float> Correction, Vector<float> Eps, Vector<float> OfGradient, Vector<float> OfMean) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> mean, ref Vector<float> square)
        {
            Moments.Update(gradient, ref mean, ref square);
            parameter -= (OfGradient * gradient + OfMean * mean) / (Vector.SquareRoot(square) / Correction + Eps);
        }
    }
}
