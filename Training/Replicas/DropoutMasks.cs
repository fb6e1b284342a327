using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Replicas;

/// <summary>
/// The dropout masks of one step: whether a unit is kept is a hash of (seed, step, place, lane, time, unit), so the masks are the same for
/// any number of trainers, any engine and any device, and a resumed run needs no generator's state.
/// </summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">The step, from 0.</param>
/// <param name="FirstLane">The run's lane that is the trainer's lane 0.</param>
/// <param name="Rates">The shares that are dropped; null for nothing. A number is that between layers.</param>
public readonly record struct DropoutMasks(long Seed, long Step, int FirstLane, DropoutSpec? Rates)
{
    // Between layer N and the next one, and behind the last one, the place is N.
    private const ulong Inputs = ulong.MaxValue, States = 1UL << 32, Embeddings = 2UL << 32, Weights = 3UL << 32;

    /// <summary>Keeps everything.</summary>
    public static DropoutMasks None => default;

    /// <summary>Whether anything is dropped.</summary>
    public bool IsActive => Rates is { IsNone: false };

    /// <summary>Whether units are dropped between layers.</summary>
    public bool DropsBetween => Rates is { Between: > 0 };

    /// <summary>Whether inputs of the first layer are dropped.</summary>
    public bool DropsInputs => Rates is { Input: > 0 };

    /// <summary>Whether outputs of the last layer are dropped.</summary>
    public bool DropsOutputs => Rates is { Output: > 0 };

    /// <summary>Whether vectors of embeddings are dropped.</summary>
    public bool DropsVectors => Rates is { Embedding: > 0 };

    /// <summary>Whether hidden weights are dropped.</summary>
    public bool DropsWeights => Rates is { Weight: > 0 };

    /// <summary>
    /// Writes the mask between layer <paramref name="layer"/> and the next, <c>[batch.Rows, units]</c>: 0 where a unit is dropped,
    /// otherwise 1 / (1 - rate), as <c>torch.nn.Dropout</c> scales what it keeps.
    /// </summary>
    public void Fill(ChunkBatch batch, int layer, int units, Span<float> mask) => Drop(batch, (ulong)layer, Rates!.Between, units, mask);

    /// <summary>Writes the mask of the first layer's inputs, <c>[batch.Rows, units]</c>.</summary>
    public void FillInputs(ChunkBatch batch, int units, Span<float> mask) => Drop(batch, Inputs, Rates!.Input, units, mask);

    /// <summary>Writes the mask behind the last layer, <c>[batch.Rows, units]</c>.</summary>
    public void FillOutputs(ChunkBatch batch, int lastLayer, int units, Span<float> mask) =>
        Drop(batch, (ulong)lastLayer, Rates!.Output, units, mask);

    /// <summary>Writes which units of a state stay as they were, <c>[batch.Rows, units]</c>: 1 for those, 0 for the others.</summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="state">0 for h, 1 for c.</param>
    /// <param name="units">Units of the layer.</param>
    /// <param name="mask">Receives the mask.</param>
    public void FillZoneout(ChunkBatch batch, int layer, int state, int units, Span<float> mask) => Fill(
        batch, OfState(layer, state), state == 0 ? Rates!.Zoneout : Rates!.ZoneoutCell, isLocked: false, units,
        mask, dropped: 1, kept: 0);

    /// <summary>What the vector of a token, or of a class of a column, is multiplied by in this step.</summary>
    public float OfVector(int column, int one) => IsDropped(Key(Embeddings + (ulong)column), one, Threshold(Rates!.Embedding))
        ? 0 : Kept(Rates!.Embedding);

    /// <summary>Writes what the hidden weights of a layer are multiplied by in this step, in their order.</summary>
    public void FillWeights(int layer, Span<float> mask) => Fill(WeightKey(layer), Rates!.Weight, mask, 0, Kept(Rates!.Weight));

    /// <summary>Writes of each row the key whose hashes, by unit, say what is dropped between a layer and the next.</summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="layer">The layer, or the last one, whose outputs are dropped.</param>
    /// <param name="keys">Receives them, <c>[batch.Rows]</c>.</param>
    internal void Keys(ChunkBatch batch, int layer, Span<ulong> keys) => Keys(batch, (ulong)layer, Rates!.Locked, keys);

    /// <summary>The same of the first layer's inputs.</summary>
    internal void InputKeys(ChunkBatch batch, Span<ulong> keys) => Keys(batch, Inputs, Rates!.Locked, keys);

    /// <summary>The same of which units of a state stay as they were.</summary>
    internal void ZoneoutKeys(ChunkBatch batch, int layer, int state, Span<ulong> keys) =>
        Keys(batch, OfState(layer, state), isLocked: false, keys);

    /// <summary>The key whose hashes say which hidden weights of a layer are dropped, by their order.</summary>
    internal ulong WeightKey(int layer) => Key(Weights + (ulong)layer);

    /// <summary>What the upper half of a hash must be below for a unit to be dropped.</summary>
    internal static ulong Threshold(double rate) => (ulong)(rate * (1L << 32));

    /// <summary>What a unit that is kept is multiplied by.</summary>
    internal static float Kept(double rate) => (float)(1 / (1 - rate));

    private void Keys(ChunkBatch batch, ulong place, bool isLocked, Span<ulong> keys)
    {
        ulong ofPlace = Key(place);
        foreach (var segment in batch.Segments)
        {
            for (int i = 0; i < segment.Lanes; i++)
            {
                ulong ofLane = CounterRandom.Derive(ofPlace, (ulong)(FirstLane + batch.ActiveLanes[i]));
                for (int t = 0, row = segment.FirstRow + i; t < segment.Steps; t++, row += segment.Lanes)
                {
                    ulong time = (ulong)(batch.FirstTime + segment.FirstTime + t);
                    keys[row] = isLocked ? ofLane : CounterRandom.Derive(ofLane, time);
                }
            }
        }
    }

    private static ulong OfState(int layer, int state) => States + (2 * (ulong)layer) + (ulong)state;

    private void Drop(ChunkBatch batch, ulong place, double rate, int units, Span<float> mask) =>
        Fill(batch, place, rate, Rates!.Locked, units, mask, dropped: 0, Kept(rate));

    private void Fill(
        ChunkBatch batch, ulong place, double rate, bool isLocked, int units, Span<float> mask, float dropped, float kept)
    {
        ulong ofPlace = Key(place);
        foreach (var segment in batch.Segments)
        {
            for (int i = 0; i < segment.Lanes; i++)
            {
                ulong ofLane = CounterRandom.Derive(ofPlace, (ulong)(FirstLane + batch.ActiveLanes[i]));
                for (int t = 0; t < segment.Steps; t++)
                {
                    int row = segment.FirstRow + t * segment.Lanes + i;
                    ulong time = (ulong)(batch.FirstTime + segment.FirstTime + t);
                    var values = mask.Slice(row * units, units);
                    if (isLocked && t > 0)
                        mask.Slice((row - segment.Lanes) * units, units).CopyTo(values);
                    else
                        Fill(isLocked ? ofLane : CounterRandom.Derive(ofLane, time), rate, values, dropped, kept);
                }
            }
        }
    }

    private static void Fill(ulong key, double rate, Span<float> values, float dropped, float kept)
    {
        ulong threshold = Threshold(rate);
        for (int i = 0; i < values.Length; i++)
            values[i] = IsDropped(key, i, threshold) ? dropped : kept;
    }

    private static bool IsDropped(ulong key, int index, ulong threshold) => CounterRandom.Hash(key, (ulong)index) >> 32 < threshold;

    private ulong Key(ulong place) =>
        CounterRandom.Derive(CounterRandom.Derive(CounterRandom.Key(Seed, RandomPurpose.Dropout), (ulong)Step), place);
}
