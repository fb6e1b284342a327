using System.Numerics;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Adam with a rectified learning rate (Liu and others, 2020), <c>torch.optim.RAdam</c>.</summary>
public sealed record RAdam : AdaptiveRule
{
    /// <inheritdoc/>
    public override string Word => "radam";

    /// <inheritdoc/>
    public override string About => "Adam whose first steps are rectified (Liu and others, 2020): it needs no warmup";

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new RectifiedMoments(this, parameters);
}

/// <summary>
/// RAdam, as <c>torch.optim.RAdam</c> writes it. ρ∞ = 2 / (1 − β₂) − 1 and ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ) say how many squares the running
/// mean of squared gradients amounts to: up to 5 the update is lr · m̂; above, it is lr · m̂ · r · √(1 − β₂ᵗ) / (√v + ε) with
/// r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ)).
/// </summary>
internal sealed class RectifiedMoments(RAdam rule, int parameters) : IOptimizer
{
    // Below it the variance of an adaptive rate is not defined or too great.
    private const double LeastSquares = 5;

    private readonly Moments _moments = Moments.Of(rule);
    private readonly float[] _mean = new float[parameters];
    private readonly float[] _square = new float[parameters];
    private float _stepSize;
    private bool _isAdaptive;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("exp_avg", _mean), new("exp_avg_sq", _square)];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        double power = Powers.Of(rule.Beta2, Count);
        double most = 2 / (1 - rule.Beta2) - 1, squares = most - 2 * Count * power / (1 - power);
        _isAdaptive = squares > LeastSquares;
        double rectified = _isAdaptive
            ? Math.Sqrt((squares - 4) * (squares - 2) * most / ((most - 4) * (most - 2) * squares) * (1 - power))
            : 1;
        _stepSize = (float)(learningRate / (1 - Powers.Of(rule.Beta1, Count)) * rectified);
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient)
    {
        Span<float> mean = _mean.AsSpan(first, parameters.Length), square = _square.AsSpan(first, parameters.Length);
        IsFinite &= _isAdaptive
            ? FusedPass.Run(new AdaptiveKernel(_moments, new(_stepSize), new((float)rule.Eps)), parameters, gradient, mean, square)
            : FusedPass.Run(new PlainKernel(_moments, new(_stepSize)), parameters, gradient, mean, square);
    }

    private readonly record struct PlainKernel(Moments Moments, Vector<float> StepSize) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> mean, ref Vector<float> square)
        {
            Moments.Update(gradient, ref mean, ref square);
            parameter -= StepSize * mean;
        }
    }

    private readonly record struct AdaptiveKernel(Moments Moments, Vector<float> StepSize, Vector<float> Eps) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> mean, ref Vector<float> square)
        {
            Moments.Update(gradient, ref mean, ref square);
            parameter -= StepSize * mean / (Vector.SquareRoot(square) + Eps);
        }
    }
}
