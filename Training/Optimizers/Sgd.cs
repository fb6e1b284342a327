using System.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Stochastic gradient descent, optionally with momentum, <c>torch.optim.SGD</c>.</summary>
public sealed record Sgd : UpdateRule
{
    /// <summary>Share of the former update that is kept. Default 0.</summary>
    public double Momentum { get; init; }

    /// <summary>
    /// Whether the momentum is Nesterov's: the gradient is added to the kept share of the update once more. Requires
    /// <see cref="Momentum"/>. Default false.
    /// </summary>
    public bool Nesterov { get; init; }

    /// <summary>This share of a parameter is added to its gradient (L2). Default 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>When the mean of its iterates begins (NT-ASGD); null for none. Default null.</summary>
    public AveragingSpec? Average { get; init; }

    /// <inheritdoc/>
    public override AveragingSpec? Averaging => Average;

    /// <inheritdoc/>
    public override string Word => "sgd";

    /// <inheritdoc/>
    public override string About => "stochastic gradient descent";

    /// <inheritdoc/>
    public override int RunningAverages => Momentum > 0 ? 1 : 0;

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new MomentumDescent(Momentum, Nesterov, parameters, WeightDecay);

    /// <inheritdoc/>
    public override void Check(Findings findings)
    {
        if (Nesterov && Momentum == 0 && findings.Sound("train.optimizer.nesterov", "train.optimizer.momentum"))
        {
            findings.Report(
                "train.optimizer.nesterov", "true without momentum", "a momentum that is Nesterov's",
                "add momentum: 0.9, or remove nesterov");
        }
    }

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk) => this with
    {
        Momentum = walk.Number("momentum", Momentum, "share of the former update that is kept", NumberRange.Share),
        Nesterov = walk.Flag("nesterov", Nesterov, "Nesterov's momentum; requires `momentum`", isWritten: Nesterov),
        WeightDecay = walk.Number(
            "weightDecay", WeightDecay, "this share of a parameter is added to its gradient", NumberRange.NotNegative,
            isWritten: WeightDecay != 0),
        Average = walk.OptionalSection(
            "average", Average,
            "the mean of the parameters after each update, as `torch.optim.ASGD` keeps it, from an epoch's end on (NT-ASGD); then it is "
                + "what is evaluated, and what the run leaves",
            "trigger or window", new AveragingSpec(), AveragingSpec.Walk),
    };
}

/// <summary>
/// Stochastic gradient descent with momentum, as <c>torch.optim.SGD</c> defines it: v ← m·v + g, then p ← p − lr·v, or with
/// Nesterov's momentum p ← p − lr·(g + m·v), where g is the gradient plus the decay times p.
/// </summary>
/// <param name="momentum">m; 0 for none.</param>
/// <param name="nesterov">Whether the momentum is Nesterov's, as that of the outer optimizer of rounds is, whose gradient is the averaged
/// difference of the trainers' parameters.</param>
/// <param name="parameters">How many parameters there are.</param>
/// <param name="weightDecay">The decay.</param>
internal sealed class MomentumDescent(double momentum, bool nesterov, int parameters, double weightDecay = 0) : IOptimizer
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
        IsFinite &= (nesterov, weightDecay > 0) switch
        {
            (false, false) => FusedPass.Run(new Kernel(rate, _learningRate), parameters, gradient, velocity, default),
            (true, false) => FusedPass.Run(new NesterovKernel(rate, _learningRate), parameters, gradient, velocity, default),
            (false, true) => FusedPass.Run(Decayed(new Kernel(rate, _learningRate)), parameters, gradient, velocity, default),
            (true, true) => FusedPass.Run(Decayed(new NesterovKernel(rate, _learningRate)), parameters, gradient, velocity, default),
        };
    }

    private DecayedKernel<TKernel> Decayed<TKernel>(TKernel kernel) where TKernel : struct, IUpdateKernel =>
        new(kernel, new((float)weightDecay));

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
