using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// The dropout masks of one step: whether a unit is kept is a hash of (seed, step, layer, lane, time, unit), so the masks are the same for
/// any number of trainers, any engine and any device, and a resumed run needs no generator's state.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">The step, from 0.</param>
/// <param name="FirstLane">The run's lane that is the trainer's lane 0.</param>
/// <param name="Rate">The share of units that is dropped, in [0, 1).</param>
public readonly record struct DropoutMasks(long Seed, long Step, int FirstLane, double Rate)
{
    /// <summary>Keeps everything.</summary>
    public static DropoutMasks None => default;

    /// <summary>Whether anything is dropped.</summary>
    public bool IsActive => Rate > 0;

    /// <summary>
    /// Writes the mask between layer <paramref name="layer"/> and the next, <c>[batch.Rows, units]</c>: 0 where a unit is dropped,
    /// otherwise 1 / (1 - rate), as <c>torch.nn.Dropout</c> scales what it keeps.
    /// </summary>
    public void Fill(ChunkBatch batch, int layer, int units, Span<float> mask)
    {
        float kept = (float)(1 / (1 - Rate));
        ulong threshold = (ulong)(Rate * (1L << 32));
        ulong ofLayer =
            CounterRandom.Derive(CounterRandom.Derive(CounterRandom.Key(Seed, RandomPurpose.Dropout), (ulong)Step), (ulong)layer);
        foreach (var segment in batch.Segments)
        {
            for (int i = 0; i < segment.Lanes; i++)
            {
                ulong ofLane = CounterRandom.Derive(ofLayer, (ulong)(FirstLane + batch.ActiveLanes[i]));
                for (int t = 0; t < segment.Steps; t++)
                {
                    ulong key = CounterRandom.Derive(ofLane, (ulong)(batch.FirstTime + segment.FirstTime + t));
                    var row = mask.Slice((segment.FirstRow + t * segment.Lanes + i) * units, units);
                    for (int unit = 0; unit < units; unit++)
                        row[unit] = CounterRandom.Hash(key, (ulong)unit) >> 32 >= threshold ? kept : 0;
                }
            }
        }
    }
}
