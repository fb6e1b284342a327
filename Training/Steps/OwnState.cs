using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// What one trainer keeps for itself from commit to commit, as part of S(n): the running averages of its inner optimizer where it makes local steps, or the
/// rounding errors of its gradients where the wire feeds them back. A copy.
/// </summary>
public sealed class OwnState
{
    /// <summary>What rounding took from a trainer's gradients and has not been given yet.</summary>
    private const string RoundingError = "rounding_error";

    private readonly ParameterLayout _layout;
    private readonly bool _isSum;

    /// <summary>The state of a trainer before its first step: zeros.</summary>
    /// <param name="train">Tells what trainers keep.</param>
    /// <param name="layout">The parameters.</param>
    public OwnState(TrainSpec train, ParameterLayout layout)
    {
        _layout = layout;
        _isSum = train.KeepsErrors;
        Names = train.IsLocal ? Optimizer.AverageNames(train.Optimizer) : train.KeepsErrors ? [RoundingError] : [];
        Values = new float[checked(Names.Count * layout.Length)];
    }

    /// <summary>The states of all trainers, in order; empty where they keep nothing.</summary>
    public static IReadOnlyList<OwnState> OfAll(TrainSpec train, ParameterLayout layout) =>
        [.. Enumerable.Range(0, train.KeepsOwn ? train.Trainers : 0).Select(_ => new OwnState(train, layout))];

    /// <summary>The names of what is kept, each as long as the parameters, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>All of it, one after another: <c>[names, parameters]</c>.</summary>
    public float[] Values { get; }

    /// <summary>Updates that the inner optimizer has made: one a chunk in which any of the trainer's lanes had work. 0 where there is none.</summary>
    public long Count { get; set; }

    /// <summary>All of it as tensors, as <see cref="TrainingSnapshot.AverageSlots"/>.</summary>
    public IReadOnlyList<ParameterSlot> Slots => AverageTensors.Slots(Names, _layout);

    /// <summary>What is kept under one of the names, <c>[parameters]</c>.</summary>
    public Memory<float> Of(int name) => Values.AsMemory(name * _layout.Length, _layout.Length);

    /// <summary>Takes over what a trainer has come to.</summary>
    /// <param name="values">What it keeps, in the order of <see cref="Names"/>.</param>
    /// <param name="count">The updates of its inner optimizer.</param>
    public void Take(IReadOnlyList<ReadOnlyMemory<float>> values, long count)
    {
        if (values.Count != Names.Count)
            throw new ArgumentException($"found {values.Count} buffers, expected {Names.Count}: {string.Join(", ", Names)}", nameof(values));
        for (int i = 0; i < values.Count; i++)
            values[i].CopyTo(Of(i));
        Count = count;
    }

    /// <summary>Becomes the same as another one of the same training.</summary>
    public void Take(OwnState other)
    {
        other.Values.CopyTo(Values, 0);
        Count = other.Count;
    }

    /// <summary>
    /// Becomes what a trainer begins with whose lanes had been others': the mean of the inner optimizers that have made an update, with the count of the one
    /// that has made most; or an even share of all rounding errors, for those are part of a sum. The order of the sum is that of <see cref="PairwiseTree"/>.
    /// </summary>
    /// <param name="others">The former trainers' states.</param>
    /// <param name="trainers">How many trainers there are now.</param>
    public void TakeShare(IReadOnlyList<OwnState> others, int trainers)
    {
        Memory<float>[] sums = [.. others.Where(other => _isSum || other.Count > 0).Select(other => other.Values.ToArray().AsMemory())];
        Count = others.Select(other => other.Count).DefaultIfEmpty().Max();
        if (sums.Length == 0)
        {
            Array.Clear(Values);
            return;
        }

        PairwiseTree.SumInto(sums);
        TensorPrimitives.Divide<float>(sums[0].Span, _isSum ? trainers : sums.Length, Values);
    }
}
