using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Rounds;

/// <summary>A copy of the state of one trainer's inner optimizer, as a round has left it.</summary>
public sealed class InnerState
{
    private readonly ParameterLayout _layout;

    /// <summary>The state of an optimizer that has made no update.</summary>
    /// <param name="optimizer">The inner optimizer.</param>
    /// <param name="layout">The parameters it updates.</param>
    public InnerState(OptimizerSpec optimizer, ParameterLayout layout)
    {
        _layout = layout;
        Names = Optimizer.AverageNames(optimizer);
        Values = new float[checked(Names.Count * layout.Length)];
    }

    /// <summary>The names of the running averages, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The running averages one after another: <c>[averages, parameters]</c>.</summary>
    public float[] Values { get; }

    /// <summary>Updates that the optimizer has made: one a chunk in which any of the trainer's lanes had work.</summary>
    public long Count { get; set; }

    /// <summary>The running averages as tensors, as <see cref="Steps.TrainingSnapshot.AverageSlots"/>.</summary>
    public IReadOnlyList<ParameterSlot> Slots => AverageTensors.Slots(Names, _layout);

    /// <summary>One running average, <c>[parameters]</c>.</summary>
    public Memory<float> Average(int index) => Values.AsMemory(index * _layout.Length, _layout.Length);

    /// <summary>Takes over the state that a trainer's optimizer has come to.</summary>
    /// <param name="averages">Its running averages, in order.</param>
    /// <param name="count">Its updates.</param>
    public void Take(IReadOnlyList<ReadOnlyMemory<float>> averages, long count)
    {
        if (averages.Count != Names.Count)
            throw new ArgumentException($"found {averages.Count} running averages, expected {Names.Count}", nameof(averages));
        for (int i = 0; i < averages.Count; i++)
            averages[i].CopyTo(Average(i));
        Count = count;
    }

    /// <summary>Becomes the same as another one of the same optimizer and model.</summary>
    public void Take(InnerState other)
    {
        other.Values.CopyTo(Values, 0);
        Count = other.Count;
    }

    /// <summary>
    /// Becomes the mean of those that have made an update, with the count of the one that has made most: what a trainer begins with whose lanes had been
    /// others'. The order of the sum is that of <see cref="Steps.PairwiseTree"/>.
    /// </summary>
    public void TakeMean(IReadOnlyList<InnerState> others)
    {
        Memory<float>[] sums = [.. others.Where(other => other.Count > 0).Select(other => other.Values.ToArray().AsMemory())];
        Count = others.Select(other => other.Count).DefaultIfEmpty().Max();
        if (sums.Length == 0)
        {
            Array.Clear(Values);
            return;
        }

        Steps.PairwiseTree.SumInto(sums);
        System.Numerics.Tensors.TensorPrimitives.Divide<float>(sums[0].Span, sums.Length, Values);
    }
}
