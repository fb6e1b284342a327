using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Adagrad (Duchi, Hazan and Singer, 2011), <c>torch.optim.Adagrad</c>.</summary>
public sealed record Adagrad : UpdateRule
{
    /// <summary>Added to the denominator. Default 1e-10.</summary>
    public double Eps { get; init; } = 1e-10;

    /// <inheritdoc/>
    public override string Word => "adagrad";

    /// <inheritdoc/>
    public override string About => "Adagrad (Duchi, Hazan and Singer, 2011)";

    /// <inheritdoc/>
    public override int RunningAverages => 1;

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new SummedSquares(this, parameters);

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk) => this with
    {
        Eps = walk.Number("eps", Eps, "added to the denominator, so that a zero gradient is not 0/0", NumberRange.Denominator),
    };
}

/// <summary>Adagrad, as <c>torch.optim.Adagrad</c> writes it: s ← s + g², then p ← p − lr·g / (√s + ε).</summary>
internal sealed class SummedSquares(Adagrad rule, int parameters) : IOptimizer
{
    private readonly float[] _sum = new float[parameters];
    private Kernel _kernel;

    public long Count { get; set; }

    public bool IsFinite { get; private set; } = true;

    public IReadOnlyList<RunningAverage> Averages => field ??= [new("sum", _sum)];

    public void Begin(double learningRate)
    {
        Count++;
        IsFinite = true;
        _kernel = new(new((float)rule.Eps), new((float)learningRate));
    }

    public void Update(int first, Span<float> parameters, ReadOnlySpan<float> gradient) =>
        IsFinite &= FusedPass.Run(_kernel, parameters, gradient, _sum.AsSpan(first, parameters.Length), default);

    private readonly record struct Kernel(Vector<float> Eps, Vector<float> LearningRate) : IUpdateKernel
    {
        public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> sum, ref Vector<float> unused)
        {
            sum += gradient * gradient;
            parameter -= LearningRate * gradient / (Vector.SquareRoot(sum) + Eps);
        }
    }
}
