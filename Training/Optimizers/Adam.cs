using System.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>
/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1), with the decoupled weight decay of AdamW
/// (Loshchilov and Hutter, 2019, algorithm 2) when there is one.
/// </summary>
internal sealed class Adam(OptimizerSpec spec, int parameters, double weightDecay) : IOptimizer
{
    private readonly float[] _mean = new float[parameters];
    private readonly float[] _square = new float[parameters];
    private Kernel _kernel;

    public long Count { get; set; }

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("exp_avg", _mean), new("exp_avg_sq", _square)];

    public void Begin(double learningRate)
    {
        Count++;
        _kernel = new(
            Decay: new((float)(1 - learningRate * weightDecay)),
            MeanRate: new((float)(1 - spec.Beta1)),
            Beta2: new((float)spec.Beta2),
            SquareRate: new((float)(1 - spec.Beta2)),
            Correction: new((float)Math.Sqrt(1 - Powers.Of(spec.Beta2, Count))),
            Eps: new((float)spec.Eps),
            StepSize: new((float)(learningRate / (1 - Powers.Of(spec.Beta1, Count)))));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) => FusedPass.Run(
        _kernel, parameters, gradient, _mean.AsSpan(first, parameters.Length), _square.AsSpan(first, parameters.Length));

    private readonly record struct Kernel(
        Vector<float> Decay, Vector<float> MeanRate, Vector<float> Beta2, Vector<float> SquareRate, Vector<float> Correction, Vector<float> Eps,
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
