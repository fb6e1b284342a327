using Orleans.Tbptt.Grains.Transport;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What the trainers themselves gave to a step that is audited, link by link.</summary>
internal sealed class AuditRecord
{
    private readonly Dictionary<int, Opinion> _opinions = [];

    /// <summary>Takes the buckets of a link's sums, in order.</summary>
    public Action<SumBucket> TapOf(ITrainerLink link) => (_opinions[link.Trainers[0]] = new()).Add;

    /// <summary>What the trainers of a link gave.</summary>
    /// <param name="first">The link's first trainer.</param>
    public Opinion this[int first] => _opinions[first];
}
