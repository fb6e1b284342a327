using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// A copy of a committed state S(n), whole: what has to be saved so that training goes on from it to the bit. A buffer to be used over and over:
/// <see cref="TrainingState.CopyTo"/> fills it, <see cref="TrainingState.Restore"/> goes back to it.
/// </summary>
public sealed class TrainingSnapshot
{
    private readonly ParameterLayout _layout;

    /// <summary>A snapshot of zeros, as large as a state of this spec. This is the only time it allocates, and for a large model it takes a while.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    public TrainingSnapshot(RunSpec spec)
    {
        _layout = ParameterLayout.Of(spec.Model);
        AverageNames = Optimizer.AverageNames(spec.Train.Optimizer);
        Parameters = new float[_layout.Length];
        Averages = new float[checked(AverageNames.Count * _layout.Length)];
        Hidden = new float[checked(spec.Data.BatchSize * _layout.HiddenPerLane)];

        // Large arrays have no memory until it is written to; the system finds it now, and not while a step waits for the first copy.
        foreach (float[] values in (float[][])[Parameters, Averages, Hidden])
            values.AsSpan().Clear();
    }

    /// <summary>The flat parameters.</summary>
    public float[] Parameters { get; }

    /// <summary>The names of the optimizer's running averages, in order.</summary>
    public IReadOnlyList<string> AverageNames { get; }

    /// <summary>The running averages one after another: <c>[averages, parameters]</c>.</summary>
    public float[] Averages { get; }

    /// <summary>The hidden state of every lane, lane-major: <c>[lane][h, c][layer][unit]</c>.</summary>
    public float[] Hidden { get; }

    /// <summary>Updates that the optimizer has made.</summary>
    public long OptimizerCount { get; set; }

    /// <summary>Committed steps of the run.</summary>
    public long Step { get; set; }

    /// <summary>Training loss summed over the elements of the epoch so far.</summary>
    public double EpochLossSum { get; set; }

    /// <summary>Elements of the epoch so far.</summary>
    public double EpochWeight { get; set; }

    /// <summary>
    /// The running averages as tensors: of each average every parameter, under the name <c>exp_avg.rnn.weight_ih_l0</c>, at its place in
    /// <see cref="Averages"/>.
    /// </summary>
    public IReadOnlyList<ParameterSlot> AverageSlots =>
    [
        .. AverageNames.SelectMany((average, i) =>
            _layout.Slots.Select(slot => slot with { Name = $"{average}.{slot.Name}", Offset = i * _layout.Length + slot.Offset })),
    ];

    /// <summary>One running average.</summary>
    internal Span<float> Average(int index) => Averages.AsSpan(index * _layout.Length, _layout.Length);

    internal void EnsureFits(TrainingState state)
    {
        var averages = state.Optimizer.Averages;
        bool fits = state.Parameters.Length == Parameters.Length && state.Hidden.Length == Hidden.Length && averages.Count == AverageNames.Count;
        for (int i = 0; fits && i < averages.Count; i++)
            fits = averages[i].Name == AverageNames[i];
        if (!fits)
        {
            throw new ArgumentException(
                $"the snapshot is for {Parameters.Length} parameters, {Hidden.Length} values of hidden state and [{string.Join(", ", AverageNames)}], " +
                $"the state has {state.Parameters.Length}, {state.Hidden.Length} and [{string.Join(", ", averages.Select(average => average.Name))}]",
                nameof(state));
        }
    }
}
