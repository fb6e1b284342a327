using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// The state of one shard's inner optimizer where trainers make rounds of local steps: its running averages and its count of updates,
/// as part of S(n). A copy.
/// </summary>
public sealed class TrainerOptimizerState
{
    private readonly ParameterLayout _layout;

    /// <summary>The state before the first update: zeros.</summary>
    /// <param name="optimizer">The inner optimizer.</param>
    /// <param name="layout">The parameters.</param>
    public TrainerOptimizerState(OptimizerSpec optimizer, ParameterLayout layout)
    {
        _layout = layout;
        Names = Optimizer.AverageNames(optimizer);
        Values = new float[checked(Names.Count * layout.Length)];
    }

    /// <summary>The states of all shards, in order of shard; empty where trainers make no local steps.</summary>
    public static IReadOnlyList<TrainerOptimizerState> OfAll(TrainSpec train, ParameterLayout layout) =>
        [.. Enumerable.Range(0, train.IsLocal ? train.ShardCount : 0).Select(_ => new TrainerOptimizerState(train.Optimizer, layout))];

    /// <summary>The names of the running averages, in order; each is as long as the parameters.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The running averages one after another: <c>[averages, parameters]</c>.</summary>
    public float[] Values { get; }

    /// <summary>Updates that the inner optimizer has made: one per chunk in which any of the shard's lanes had work.</summary>
    public long Count { get; set; }

    /// <summary>The running averages as tensors, as <see cref="TrainingSnapshot.AverageSlots"/>.</summary>
    public IReadOnlyList<ParameterSlot> Slots => AverageTensors.Slots(Names, _layout);

    /// <summary>One running average, <c>[parameters]</c>.</summary>
    public Memory<float> Average(int index) => Values.AsMemory(index * _layout.Length, _layout.Length);

    /// <summary>Copies the state of a shard's inner optimizer.</summary>
    /// <param name="averages">Its running averages, in the order of <see cref="Names"/>.</param>
    /// <param name="count">The updates it has made.</param>
    /// <exception cref="ArgumentException">The number of running averages differs. Nothing was changed.</exception>
    public void Take(IReadOnlyList<ReadOnlyMemory<float>> averages, long count)
    {
        if (averages.Count != Names.Count)
        {
            throw new ArgumentException(
                $"found {averages.Count} buffers, expected {Names.Count}: {string.Join(", ", Names)}", nameof(averages));
        }

        for (int i = 0; i < averages.Count; i++)
            averages[i].CopyTo(Average(i));
        Count = count;
    }

    /// <summary>Copies another state of the same optimizer and the same parameters.</summary>
    public void Take(TrainerOptimizerState other)
    {
        other.Values.CopyTo(Values, 0);
        Count = other.Count;
    }

    /// <summary>
    /// Becomes the state that a shard begins with whose lanes belonged to other shards: the mean of the optimizers that have made an
    /// update, with the largest of their counts. The order of the sum is that of <see cref="PairwiseTree"/>.
    /// </summary>
    /// <param name="others">The former shards' states.</param>
    public void TakeMean(IReadOnlyList<TrainerOptimizerState> others)
    {
        Memory<float>[] sums = [.. others.Where(other => other.Count > 0).Select(other => other.Values.ToArray().AsMemory())];
        Count = others.Select(other => other.Count).DefaultIfEmpty().Max();
        if (sums.Length == 0)
        {
            Array.Clear(Values);
            return;
        }

        PairwiseTree.SumInto(sums);
        TensorPrimitives.Divide<float>(sums[0].Span, sums.Length, Values);
    }
}
