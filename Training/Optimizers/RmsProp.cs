using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>RMSprop (Hinton, Neural Networks for Machine Learning, lecture 6e), <c>torch.optim.RMSprop</c>, not centred.</summary>
public sealed record RmsProp : UpdateRule
{
    /// <summary>Added to the denominator. Default 1e-8.</summary>
    public double Eps { get; init; } = 1e-8;

    /// <summary>Decay of the running mean of squared gradients. Default 0.99.</summary>
    public double Alpha { get; init; } = 0.99;

    /// <inheritdoc/>
    public override string Word => "rmsprop";

    /// <inheritdoc/>
    public override string About => "RMSprop (Hinton's lecture 6e), not centred";

    /// <inheritdoc/>
    public override int RunningAverages => 1;

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new RootMeanSquare(this, parameters);

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk) => this with
    {
        Eps = walk.Number("eps", Eps, "added to the denominator, so that a zero gradient is not 0/0", NumberRange.Denominator),
        Alpha = walk.Number("alpha", Alpha, "decay of the running mean of squared gradients", NumberRange.Share),
    };
}

/// <summary>
/// RMSprop (Hinton, Neural Networks for Machine Learning, lecture 6e), as <c>torch.optim.RMSprop</c> writes it, not centred.
/// </summary>
internal sealed class RootMeanSquare(RmsProp rule, int parameters) : IOptimizer
{
    private readonly float[] _square = new float[parameters];
    private Kernel _kernel;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("square_avg", _square)];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        _kernel = new(new((float)rule.Alpha), new((float)(1 - rule.Alpha)), new((float)rule.Eps), new((float)learningRate));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) =>
        IsFinite &= FusedPass.Run(_kernel, parameters, gradient, _square.AsSpan(first, parameters.Length), default);

    private readonly record struct Kernel(Vector<float> Alpha, Vector<float> SquareRate, Vector<float> Eps,
        Vector<float> LearningRate) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> square, ref Vector<float> unused)
        {
            square = square * Alpha + gradient * gradient * SquareRate;
            parameter -= LearningRate * gradient / (Vector.SquareRoot(square) + Eps);
        }
    }
}
