using Orleans.Tbptt.Grains.Transport;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>What the trainers themselves gave to a step that is audited, link by link.</summary>
/// <param name="audited">The links whose trainers have spares.</param>
internal sealed class AuditRecord(IEnumerable<ITrainerLink> audited) : IDisposable
{
    private readonly Dictionary<int, Opinion> _opinions = audited.ToDictionary(link => link.Trainers[0], _ => new Opinion());

    /// <summary>Takes the buckets of a link's sums, in order; null where the link is not audited.</summary>
    public Action<SumBucket>? TapOf(ITrainerLink link) =>
        _opinions.TryGetValue(link.Trainers[0], out var opinion) ? opinion.Add : null;

    /// <summary>What the trainers of a link gave.</summary>
    /// <param name="first">The link's first trainer.</param>
    public Opinion this[int first] => _opinions[first];

    public void Dispose()
    {
        foreach (var opinion in _opinions.Values)
            opinion.Dispose();
    }
}
