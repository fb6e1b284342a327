using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Plan;

/// <summary>The chunk plan of every epoch, and of the evaluation: a pure function of the spec and the data.</summary>
/// <param name="spec">The run's spec.</param>
/// <param name="data">The run's data.</param>
public sealed class EpochPlans(RunSpec spec, IDataSource data)
{
    private readonly ChunkSplit _split = ChunkSplit.Of(spec.Tbptt);
    private readonly ChunkPlan?[] _heldOut = [.. Enum.GetValues<HeldOutPart>().Select(part => data.HeldOut(part) is { } held
        ? ChunkPlan.Create(held, spec.Data.BatchSize, ChunkSplit.OfHeldOut(spec)) : null)];
    private (int Epoch, ChunkPlan Plan)? _last;

    /// <summary>The plan of a part that is held out, its sequences in their own order; null when the part has none.</summary>
    public ChunkPlan? HeldOut(HeldOutPart part) => _heldOut[(int)part];

    /// <summary>The plan of a training epoch, counted from 0.</summary>
    public ChunkPlan Training(int epoch)
    {
        int drawn = spec.Data.Shuffle || spec.Tbptt.RandomLength is not null ? epoch : 0;
        if (_last is not { } last || last.Epoch != drawn)
        {
            int[]? order = spec.Data.Shuffle ? Shuffled(epoch) : null;
            _last = last = (drawn, ChunkPlan.Create(
                data.Training, spec.Data.BatchSize, _split, order, spec.Tbptt.BurnIn, spec.Tbptt.WindowChunks, Lengths(epoch)));
        }

        return last.Plan;
    }

    private DrawnLengths? Lengths(int epoch) =>
        spec.Tbptt.RandomLength is { } random ? new(spec.Seed, epoch, spec.Tbptt.ChunkLength!.Value, random) : null;

    /// <summary>An order of the training sequences, drawn from (seed, epoch) by Fisher and Yates.</summary>
    private int[] Shuffled(int epoch)
    {
        ulong key = CounterRandom.Derive(CounterRandom.Key(spec.Seed, RandomPurpose.Shuffle), (ulong)epoch);
        int[] order = [.. Enumerable.Range(0, data.Training.Count)];
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = (int)CounterRandom.Below(key, (ulong)i, (ulong)i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
