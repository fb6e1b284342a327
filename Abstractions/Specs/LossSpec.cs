using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>The loss, a mean over every element (time step × output) that has a target.</summary>
public abstract record LossSpec : Choice
{
    /// <summary>Whether targets are classes; they are values otherwise.</summary>
    public abstract bool OfClasses { get; }

    /// <summary>Whether its mean is the length of a code for the targets, in nats, which can be given in bits. Default false.</summary>
    public virtual bool IsCodeLength => false;

    /// <summary>Every loss.</summary>
    public abstract IReadOnlyList<LossSpec> Others { get; }

    /// <summary>
    /// The function of the same equation in <c>torch.nn.functional</c>, which takes this loss's keys as arguments of the same names; null
    /// where libtorch has none, and <c>engine: torch</c> is refused.
    /// </summary>
    public virtual string? TorchFunction => null;
}
