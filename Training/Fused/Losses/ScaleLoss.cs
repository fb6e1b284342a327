using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Fused.Losses;

/// <summary>The negative logarithm of a density, of a location and a scale that are predicted.</summary>
public abstract record ScaleLoss : TargetLoss
{
    /// <summary>The least standard deviation or scale, as values are trained on. Default 0.001.</summary>
    public double LeastDeviation { get; init; } = 1e-3;

    /// <summary>From the quantile 0.1 to the quantile 0.9.</summary>
    public sealed override double? Coverage => 0.8;

    /// <inheritdoc/>
    public sealed override bool IsDistribution => true;

    /// <inheritdoc/>
    public sealed override Choice Walk(SpecWalk walk) => this with
    {
        LeastDeviation = walk.Number(
            "leastDeviation", LeastDeviation, "the least standard deviation or scale, as values are trained on: what is added to the "
                + "softplus of an output", NumberRange.Positive),
    };

    /// <summary>Refuses logarithms of targets, because a standard deviation of logarithms has no way back to their units.</summary>
    public sealed override void Check(RunSpec spec, Findings findings)
    {
        foreach (string target in TableTargets.Transformed(spec, findings, kind => kind is ColumnTransform.Log or ColumnTransform.Log1P))
        {
            findings.Report(
                "data.transform", $"a logarithm of the target '{target}' with loss {Word}",
                "no logarithm, because a standard deviation of logarithms is none of the values",
                "remove it, or write loss: quantile, whose quantiles have a way back");
        }
    }
}
