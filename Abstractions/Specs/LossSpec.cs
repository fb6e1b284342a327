using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The loss, a mean over every element (time step × target) that counts.</summary>
public abstract record LossSpec : Choice
{
    /// <summary>Whether targets are classes; they are values otherwise.</summary>
    public abstract bool OfClasses { get; }

    /// <summary>Whether its mean is the length of a code for the targets, in nats, which can be given in bits. Default false.</summary>
    public virtual bool IsCodeLength => false;

    /// <summary>
    /// The numbers that are predicted of each value of a target, in the order of the head's outputs for it. Default the target itself.
    /// </summary>
    public virtual IReadOnlyList<PredictedValue> Predictions => PredictedValue.Target;

    /// <summary>Outputs of the head for each value of a target; those of one target follow each other. Default 1.</summary>
    public virtual int OutputsPerTarget => 1;

    /// <summary>Which of <see cref="Predictions"/> is the point forecast, of which errors are figures. Default the first.</summary>
    public virtual int Point => 0;

    /// <summary>
    /// The share of targets that should lie in the interval of a forecast, such as 0.8; null, the default, where it has none.
    /// </summary>
    public virtual double? Coverage => null;

    /// <summary>
    /// Where quantiles are predicted, the level of each of <see cref="Predictions"/>, such as 0.9; empty, the default, for none.
    /// </summary>
    public virtual IReadOnlyList<double> Levels => [];

    /// <summary>
    /// Whether a distribution of the target is predicted, which <see cref="RankedProbabilityScore"/> compares with what came. Default
    /// false.
    /// </summary>
    public virtual bool IsDistribution => false;

    /// <summary>
    /// Whether what the loss sum is divided by is the number of elements; otherwise it is another sum over them. Default true.
    /// </summary>
    public virtual bool CountsElements => true;

    /// <summary>Of classes, the one whose targets count neither in the loss nor in the figures of evaluations; null for none.</summary>
    public virtual long? IgnoredTarget => null;

    /// <summary>What every target must be, in words; null, the default, for any finite number.</summary>
    public virtual string? TargetRule => null;

    /// <summary>Whether it is a loss of a sequence as a whole, so that none may be cut into chunks. Default false.</summary>
    public virtual bool NeedsWholeSequences => false;

    /// <summary>
    /// Of a loss of label sequences, whose labels are a sequence's targets that are not masked, the class that stands for no label; null,
    /// the default, for any other loss.
    /// </summary>
    public virtual int? BlankClass => null;

    /// <summary>Every loss.</summary>
    public abstract IReadOnlyList<LossSpec> Others { get; }

    /// <summary>
    /// The function of the same equation in <c>torch.nn.functional</c>, which takes this loss's keys as arguments of the same names; null
    /// where libtorch has none, and <c>engine: torch</c> is refused.
    /// </summary>
    public virtual string? TorchFunction => null;

    /// <summary>Keys that are set and that <see cref="TorchFunction"/> does not have as this loss has them. Default none.</summary>
    public virtual IReadOnlyList<string> KeysWithoutTorch => [];

    /// <summary>The interval of a forecast, where <see cref="Coverage"/> is not null.</summary>
    /// <param name="predictions">The numbers that are predicted of one target, <c>[Predictions.Count]</c>, in the target's units.</param>
    public virtual (double Low, double High) Interval(ReadOnlySpan<double> predictions) => (double.NaN, double.NaN);

    /// <summary>Whether a target lies in <see cref="Interval"/>, its ends included.</summary>
    /// <param name="predictions">The numbers that are predicted of it, <c>[Predictions.Count]</c>, in the target's units.</param>
    /// <param name="target">The target, in its units.</param>
    public virtual bool Covers(ReadOnlySpan<double> predictions, double target)
    {
        var (low, high) = Interval(predictions);
        return low <= target && target <= high;
    }

    /// <summary>
    /// The continuous ranked probability score of a forecast, in the target's units, where <see cref="IsDistribution"/>. Default NaN.
    /// </summary>
    /// <param name="predictions">The numbers that are predicted of one target, <c>[Predictions.Count]</c>, in the target's units.</param>
    /// <param name="target">What came, in the target's units.</param>
    public virtual double RankedProbabilityScore(ReadOnlySpan<double> predictions, double target) => double.NaN;

    /// <summary>
    /// The value up to which a share of the predicted distribution lies, where <see cref="IsDistribution"/>: with a share that is drawn
    /// evenly from (0, 1), a value that is drawn from the distribution. Default NaN.
    /// </summary>
    /// <param name="predictions">The numbers that are predicted of one target, <c>[Predictions.Count]</c>, as they are trained on.</param>
    /// <param name="level">The share, in (0, 1).</param>
    public virtual double ValueAt(ReadOnlySpan<float> predictions, double level) => double.NaN;

    /// <summary>What of its keys does not fit a head; null, the default, where all does.</summary>
    /// <param name="outputs">The head's outputs.</param>
    public virtual SpecProblem? Problem(int outputs) => null;

    /// <summary>Whether a target is as <see cref="TargetRule"/> says. Default true.</summary>
    /// <param name="target">The target as it is trained on.</param>
    public virtual bool Takes(float target) => true;

    /// <summary>Reports what of a spec does not go with the loss.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="findings">Collects the mistakes.</param>
    public virtual void Check(RunSpec spec, Findings findings)
    {
    }
}
