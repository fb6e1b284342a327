using System.Numerics;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Adam (Kingma and Ba, 2015), <c>torch.optim.Adam</c>.</summary>
public sealed record Adam : AdaptiveRule
{
    /// <inheritdoc/>
    public override string Word => "adam";

    /// <inheritdoc/>
    public override string About => "Adam (Kingma and Ba, 2015)";

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new AdaptiveMoments(this, parameters, weightDecay: 0);
}

/// <summary>What Adam and its kin have in common.</summary>
public abstract record AdaptiveRule : UpdateRule
{
    /// <summary>Decay of the running mean of gradients. Default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the running mean of squared gradients. Default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the denominator. Default 1e-8.</summary>
    public double Eps { get; init; } = 1e-8;

    /// <inheritdoc/>
    public override int RunningAverages => 2;

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk)
    {
        (double beta1, double beta2) = walk.Pair(
            "betas", (Beta1, Beta2), "decay of the running means of gradients and of squared gradients", NumberRange.Share);
        return this with
        {
            Beta1 = beta1,
            Beta2 = beta2,
            Eps = walk.Number("eps", Eps, "added to the denominator, so that a zero gradient is not 0/0", NumberRange.Denominator),
        };
    }
}

/// <summary>
/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1), with the decoupled weight decay of AdamW
/// (Loshchilov and Hutter, 2019, algorithm 2) when there is one.
/// </summary>
internal sealed class AdaptiveMoments(AdaptiveRule rule, int parameters, double weightDecay) : IOptimizer
{
    private readonly float[] _mean = new float[parameters];
    private readonly float[] _square = new float[parameters];
    private Kernel _kernel;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("exp_avg", _mean), new("exp_avg_sq", _square)];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        _kernel = new(
            Decay: new((float)(1 - learningRate * weightDecay)),
            MeanRate: new((float)(1 - rule.Beta1)),
            Beta2: new((float)rule.Beta2),
            SquareRate: new((float)(1 - rule.Beta2)),
            Correction: new((float)Math.Sqrt(1 - Powers.Of(rule.Beta2, Count))),
            Eps: new((float)rule.Eps),
            StepSize: new((float)(learningRate / (1 - Powers.Of(rule.Beta1, Count)))));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) => IsFinite &= FusedPass.Run(
        _kernel, parameters, gradient, _mean.AsSpan(first, parameters.Length), _square.AsSpan(first, parameters.Length));

    private readonly record struct Kernel(
        Vector<float> Decay, Vector<float> MeanRate, Vector<float> Beta2, Vector<float> SquareRate, Vector<float> Correction,
        Vector<float> Eps,
        Vector<float> StepSize) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> mean, ref Vector<float> square)
        {
            mean += (gradient - mean) * MeanRate;
            square = square * Beta2 + gradient * gradient * SquareRate;
            parameter = parameter * Decay - StepSize * mean / (Vector.SquareRoot(square) / Correction + Eps);
        }
    }
}
