using System.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Stochastic gradient descent with momentum, as <c>torch.optim.SGD</c> writes it: v ← m·v + g, p ← p − lr·v.</summary>
internal sealed class Sgd(OptimizerSpec spec, int parameters) : IOptimizer
{
    private readonly float[] _momentum = new float[spec.Momentum > 0 ? parameters : 0];

    public long Count { get; set; }

    public IReadOnlyList<RunningAverage> Averages => field ??= spec.Momentum > 0 ? [new("momentum_buffer", _momentum)] : [];

    public void Step(Span<float> parameters, ReadOnlySpan<float> gradient, double learningRate)
    {
        Count++;
        FusedPass.Run(new Kernel(new((float)spec.Momentum), new((float)learningRate)), parameters, gradient, _momentum, default);
    }

    private readonly record struct Kernel(Vector<float> Momentum, Vector<float> LearningRate) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> velocity, ref Vector<float> unused)
        {
            velocity = velocity * Momentum + gradient;
            parameter -= LearningRate * velocity;
        }
    }
}
