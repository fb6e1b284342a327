using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>The trainers on this silo that can be called as objects, without a message. Asked from any thread.</summary>
internal sealed class LocalTrainers(IOptions<TbpttGrainsOptions> options)
{
    private readonly ConcurrentDictionary<GrainId, Trainer> _trainers = [];

    /// <summary>A trainer by its grain; null where it is not on this silo, has no lanes yet, or has to be called by message.</summary>
    public Trainer? Find(GrainId grain) => options.Value.DirectSteps && _trainers.TryGetValue(grain, out var trainer) ? trainer : null;

    /// <summary>A trainer has its lanes, and can be called until <see cref="Remove"/>.</summary>
    public void Add(GrainId grain, Trainer trainer) => _trainers[grain] = trainer;

    /// <summary>A trainer gives its lanes up.</summary>
    public void Remove(GrainId grain, Trainer trainer) => _trainers.TryRemove(KeyValuePair.Create(grain, trainer));
}
