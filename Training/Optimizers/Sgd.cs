using System.Numerics;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent with momentum, as <c>torch.optim.SGD</c> defines it: v ← m·v + g, then p ← p − lr·v, or with Nesterov's
/// momentum p ← p − lr·(g + m·v).
/// </summary>
/// <param name="momentum">m; 0 for none.</param>
/// <param name="nesterov">Whether the momentum is Nesterov's: the outer optimizer of rounds, whose gradient is the averaged difference of
/// the trainers' parameters.</param>
/// <param name="parameters">How many parameters there are.</param>
internal sealed class Sgd(double momentum, bool nesterov, int parameters) : IOptimizer
{
    private readonly float[] _momentum = new float[momentum > 0 ? parameters : 0];
    private Vector<float> _learningRate;

    public long Count { get; set; }

    public IReadOnlyList<RunningAverage> Averages => field ??= momentum > 0 ? [new("momentum_buffer", _momentum)] : [];

    public void Begin(double learningRate)
    {
        Count++;
        _learningRate = new((float)learningRate);
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient)
    {
        var velocity = _momentum.Length == 0 ? default : _momentum.AsSpan(first, parameters.Length);
        var rate = new Vector<float>((float)momentum);
        if (nesterov)
            FusedPass.Run(new NesterovKernel(rate, _learningRate), parameters, gradient, velocity, default);
        else
            FusedPass.Run(new Kernel(rate, _learningRate), parameters, gradient, velocity, default);
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
