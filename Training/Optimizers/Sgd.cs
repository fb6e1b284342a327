using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Stochastic gradient descent, optionally with momentum, <c>torch.optim.SGD</c>.</summary>
public sealed record Sgd : UpdateRule
{
    /// <summary>Share of the former update that is kept. Default 0.</summary>
    public double Momentum { get; init; }

    /// <inheritdoc/>
    public override string Word => "sgd";

    /// <inheritdoc/>
    public override string About => "stochastic gradient descent";

    /// <inheritdoc/>
    public override int RunningAverages => Momentum > 0 ? 1 : 0;

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new MomentumDescent(Momentum, nesterov: false, parameters);

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk) =>
        this with { Momentum = walk.Number("momentum", Momentum, "share of the former update that is kept", NumberRange.Share) };
}

/// <summary>
/// Stochastic gradient descent with momentum, as <c>torch.optim.SGD</c> defines it: v ← m·v + g, then p ← p − lr·v, or with Nesterov's
/// momentum p ← p − lr·(g + m·v).
/// </summary>
/// <param name="momentum">m; 0 for none.</param>
/// <param name="nesterov">Whether the momentum is Nesterov's: the outer optimizer of rounds, whose gradient is the averaged difference of
/// the trainers' parameters.</param>
/// <param name="parameters">How many parameters there are.</param>
internal sealed class MomentumDescent(double momentum, bool nesterov, int parameters) : IOptimizer
{
    private readonly float[] _momentum = new float[momentum > 0 ? parameters : 0];
    private Vector<float> _learningRate;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= momentum > 0 ? [new("momentum_buffer", _momentum)] : [];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        _learningRate = new((float)learningRate);
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient)
    {
        var velocity = _momentum.Length == 0 ? default : _momentum.AsSpan(first, parameters.Length);
        var rate = new Vector<float>((float)momentum);
        IsFinite &= nesterov
            ? FusedPass.Run(new NesterovKernel(rate, _learningRate), parameters, gradient, velocity, default)
            : FusedPass.Run(new Kernel(rate, _learningRate), parameters, gradient, velocity, default);
    }

    private readonly record struct Kernel(Vector<float> Momentum, Vector<float> LearningRate) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> velocity, ref Vector<float> unused)
        {
            velocity = velocity * Momentum + gradient;
            parameter -= LearningRate * velocity;
        }
    }

    private readonly record struct NesterovKernel(Vector<float> Momentum, Vector<float> LearningRate) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> velocity, ref Vector<float> unused)
        {
            velocity = velocity * Momentum + gradient;
            parameter -= LearningRate * (gradient + Momentum * velocity);
        }
    }
}
