using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>
/// The binary cross-entropy of a target y, 0 or 1, with the logit x, the output, <c>binary_cross_entropy_with_logits</c>:
/// softplus(x) − x y, which neither overflows nor takes a logarithm of 0. Its gradient is 1 / (1 + e^−x) − y.
/// </summary>
public sealed record BinaryCrossEntropy : TargetLoss
{
    /// <inheritdoc/>
    public override string Word => "binary_cross_entropy";

    /// <inheritdoc/>
    public override string About => "cross-entropy of targets 0 and 1, in nats; probabilities are predicted; targets are trained on as "
        + "they are: `standardize: false`";

    /// <inheritdoc/>
    public override bool IsCodeLength => true;

    /// <inheritdoc/>
    public override IReadOnlyList<PredictedValue> Predictions => [new("", PredictedUnits.Value, OutputLink.Sigmoid)];

    /// <inheritdoc/>
    public override string TargetRule => "0 or 1";

    /// <inheritdoc/>
    public override string TorchFunction => "binary_cross_entropy_with_logits";

    /// <inheritdoc/>
    public override bool Takes(float target) => target is 0 or 1;

    /// <inheritdoc/>
    public override void Check(RunSpec spec, Findings findings) => TableTargets.CheckUnscaled(spec, findings, "0 or 1");

    private protected override double Target(Span<float> outputs, float target)
    {
        double logit = outputs[0];
        outputs[0] = (float)(PortableActivation.Sigmoid(logit) - target);
        return PortableActivation.Softplus(logit) - (logit * target);
    }
}
