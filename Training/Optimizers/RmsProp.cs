using System.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>
/// RMSprop (Hinton, Neural Networks for Machine Learning, lecture 6e), as <c>torch.optim.RMSprop</c> defines it, not centred.
/// </summary>
internal sealed class RmsProp(OptimizerSpec spec, int parameters) : IOptimizer
{
    private readonly float[] _square = new float[parameters];
    private Kernel _kernel;

    public long Count { get; set; }

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("square_avg", _square)];

    public void Begin(double learningRate)
    {
        Count++;
        _kernel = new(new((float)spec.Alpha), new((float)(1 - spec.Alpha)), new((float)spec.Eps), new((float)learningRate));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) =>
        FusedPass.Run(_kernel, parameters, gradient, _square.AsSpan(first, parameters.Length), default);

    private readonly record struct Kernel(Vector<float> Alpha, Vector<float> SquareRate, Vector<float> Eps, Vector<float> LearningRate) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> square, ref Vector<float> unused)
        {
            square = square * Alpha + gradient * gradient * SquareRate;
            parameter -= LearningRate * gradient / (Vector.SquareRoot(square) + Eps);
        }
    }
}
