using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>What turns a gradient into an update, with the meaning and the defaults of its namesake in <c>torch.optim</c>.</summary>
public abstract record OptimizerSpec : Choice
{
    /// <summary>The learning rate, which <see cref="TrainSpec.Schedule"/> scales.</summary>
    public double Lr { get; init; } = 1e-3;

    /// <summary>How many running averages it keeps of each parameter.</summary>
    public abstract int RunningAverages { get; }

    /// <summary>When a mean of its iterates begins, which then is what is evaluated; null for none.</summary>
    public virtual AveragingSpec? Averaging => null;

    /// <inheritdoc/>
    public sealed override Choice Walk(SpecWalk walk) => (this with
    {
        Lr = walk.Number("lr", Lr, "the learning rate", NumberRange.Rate, required: true),
    }).WalkOwn(walk);

    /// <summary>Reports what its keys must be to one another and are not.</summary>
    /// <param name="findings">Collects the mistakes.</param>
    public virtual void Check(Findings findings)
    {
    }

    /// <summary>Passes the keys that come after the learning rate.</summary>
    protected abstract OptimizerSpec WalkOwn(SpecWalk walk);
}
