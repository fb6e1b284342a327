using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Lion (Chen and others, "Symbolic discovery of optimization algorithms", 2023, algorithm 2).</summary>
public sealed record Lion : UpdateRule
{
    /// <summary>The share of the momentum in the update. Default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the momentum. Default 0.99.</summary>
    public double Beta2 { get; init; } = 0.99;

    /// <summary>Decoupled weight decay. Default 0.</summary>
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public override string Word => "lion";

    /// <inheritdoc/>
    public override string About => "Lion (Chen and others, 2023): every parameter moves by the learning rate, so choose a tenth of Adam's";

    /// <inheritdoc/>
    public override int RunningAverages => 1;

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new SignedMomentum(this, parameters);

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk)
    {
        (double beta1, double beta2) = walk.Pair(
            "betas", (Beta1, Beta2), "the momentum's share in the update, and its decay", NumberRange.Share);
        return this with
        {
            Beta1 = beta1,
            Beta2 = beta2,
            WeightDecay = walk.Number("weightDecay", WeightDecay, "decoupled", NumberRange.NotNegative),
        };
    }
}

/// <summary>
/// Lion's algorithm 2: p ← p − lr · (sign(β₁ m + (1 − β₁) g) + λ p), then m ← β₂ m + (1 − β₂) g. The sign of 0 is 0.
/// </summary>
internal sealed class SignedMomentum(Lion rule, int parameters) : IOptimizer
{
    private readonly float[] _momentum = new float[parameters];
    private Kernel _kernel;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("exp_avg", _momentum)];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        _kernel = new(
            Kept: new((float)(1 - learningRate * rule.WeightDecay)), UpdateRate: new((float)(1 - rule.Beta1)),
            MomentumRate: new((float)(1 - rule.Beta2)), StepSize: new((float)learningRate));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) =>
        IsFinite &= FusedPass.Run(_kernel, parameters, gradient, _momentum.AsSpan(first, parameters.Length), default);

    private readonly record struct Kernel(
        Vector<float> Kept, Vector<float> UpdateRate, Vector<float> MomentumRate, Vector<float> StepSize) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> momentum, ref Vector<float> unused)
        {
            var difference = gradient - momentum;
            var update = momentum + difference * UpdateRate;
            var step = Vector.ConditionalSelect(Vector.GreaterThan(update, Vector<float>.Zero), StepSize, Vector.ConditionalSelect(
                Vector.LessThan(update, Vector<float>.Zero), -StepSize, Vector<float>.Zero));
            parameter = parameter * Kept - step;
            momentum += difference * MomentumRate;
        }
    }
}
