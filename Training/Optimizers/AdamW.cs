using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, 2019), <c>torch.optim.AdamW</c>.</summary>
public sealed record AdamW : AdaptiveRule
{
    /// <summary>Decoupled weight decay. Default 0.01.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <inheritdoc/>
    public override string Word => "adamw";

    /// <inheritdoc/>
    public override string About => "Adam with decoupled weight decay (Loshchilov and Hutter, 2019)";

    /// <inheritdoc/>
    public override IOptimizer Create(int parameters) => new AdaptiveMoments(this, parameters, WeightDecay);

    /// <inheritdoc/>
    protected override OptimizerSpec WalkOwn(SpecWalk walk)
    {
        var rule = (AdamW)base.WalkOwn(walk);
        return rule with { WeightDecay = walk.Number("weightDecay", WeightDecay, "decoupled", NumberRange.NotNegative) };
    }
}
