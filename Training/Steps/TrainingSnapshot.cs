using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Averages;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// A copy of a committed state S(n), whole: what has to be saved so that training continues from it to the bit. A buffer to be used over
/// and over: <see cref="TrainingState.CopyTo"/> fills it, <see cref="TrainingState.Restore"/> goes back to it.
/// </summary>
public sealed class TrainingSnapshot
{
    private readonly ParameterLayout _layout;

    /// <summary>
    /// A snapshot of zeros, as large as a state of this spec. This is the only time it allocates, and for a large model it takes a while.
    /// </summary>
    /// <param name="spec">The run's spec, every size known.</param>
    public TrainingSnapshot(RunSpec spec)
    {
        _layout = ParameterLayout.Of(spec.Model);
        AverageNames = TrainingState.BufferNames(spec.Train);
        HasExponentialAverage = spec.Train.Ema is not null;
        Parameters = new float[_layout.Length];
        Averages = new float[checked(AverageNames.Count * _layout.Length)];
        PerLane = LaneState.PerLane(spec);
        Hidden = new float[checked(spec.Data.BatchSize * PerLane)];
        TrainerOptimizers = TrainerOptimizerState.OfAll(spec.Train, _layout);

        // Large arrays have no memory until it is written to; the system finds it now, and not while a step waits for the first copy.
        foreach (float[] values in (float[][])[Parameters, Averages, Hidden, .. TrainerOptimizers.Select(inner => inner.Values)])
            values.AsSpan().Clear();
    }

    /// <summary>The flat parameters.</summary>
    public float[] Parameters { get; }

    /// <summary>
    /// The names of what the state holds besides the parameters that is as long as they are, in order: <see cref="TrainingState.Buffers"/>.
    /// </summary>
    public IReadOnlyList<string> AverageNames { get; }

    /// <summary>These one after another: <c>[averages, parameters]</c>.</summary>
    public float[] Averages { get; }

    /// <summary>The hidden state of every lane, lane-major, as <see cref="LaneState"/> says.</summary>
    public float[] Hidden { get; }

    /// <summary>Whether the average of the parameters is an exponential one.</summary>
    internal bool HasExponentialAverage { get; }

    /// <summary>Values of a lane in <see cref="Hidden"/>.</summary>
    internal int PerLane { get; }

    /// <summary>The state of each shard's inner optimizer, in order of shard; empty where trainers make no local steps.</summary>
    public IReadOnlyList<TrainerOptimizerState> TrainerOptimizers { get; }

    /// <summary>How many numbers it holds.</summary>
    public long Length =>
        (long)Parameters.Length + Averages.Length + Hidden.Length + TrainerOptimizers.Sum(inner => (long)inner.Values.Length);

    /// <summary>Updates that the optimizer has made.</summary>
    public long OptimizerCount { get; set; }

    /// <summary>
    /// Updates so far, where the gradients of several chunks make one, or did in a run that this one continues; otherwise 0.
    /// </summary>
    public long Updates { get; set; }

    /// <summary>Updates that the average of the parameters is over.</summary>
    public long AverageCount { get; set; }

    /// <summary>Elements of the gradients that are summed for the next update.</summary>
    public double GradientWeight { get; set; }

    /// <summary>Committed steps of the run.</summary>
    public long Step { get; set; }

    /// <summary>Training loss summed over the elements of the epoch so far.</summary>
    public double EpochLossSum { get; set; }

    /// <summary>Elements of the epoch so far.</summary>
    public double EpochWeight { get; set; }

    /// <summary>The losses of the run's finished epochs: <see cref="TrainingState.Losses"/>.</summary>
    public IReadOnlyList<double> Losses { get; set; } = [];

    /// <summary>
    /// The running averages as tensors: of each average every parameter, under the name <c>exp_avg.rnn.weight_ih_l0</c>, at its place in
    /// <see cref="Averages"/>.
    /// </summary>
    public IReadOnlyList<ParameterSlot> AverageSlots => AverageTensors.Slots(AverageNames, _layout);

    /// <summary>What the state would leave as the model: its own memory.</summary>
    /// <param name="train">How the run is trained.</param>
    public RunOutput Output(TrainSpec train)
    {
        ArgumentNullException.ThrowIfNull(train);
        bool isAverage = train.EvaluatesAverage && AverageCount > 0;
        if (!isAverage)
            return new(Parameters, Hidden, Step, Losses.Count, IsAverage: false);
        _ = TryFind(ParameterAverage.Name, out int index);
        return new([.. Average(index)], Hidden, Step, Losses.Count, IsAverage: true);
    }

    /// <summary>Looks for a running average, and the like, by its name.</summary>
    internal bool TryFind(string name, out int index)
    {
        for (index = 0; index < AverageNames.Count; index++)
        {
            if (AverageNames[index] == name)
                return true;
        }

        return false;
    }

    /// <summary>One running average.</summary>
    internal Span<float> Average(int index) => Averages.AsSpan(index * _layout.Length, _layout.Length);

    private bool HasTheOptimizerOf(TrainingState state) => AverageNames.Where(name => !TrainingState.IsOfTheRecipe(name))
        .SequenceEqual(state.Optimizer.Averages.Select(average => average.Name));

    private bool HasTheBuffersOf(TrainingState state)
    {
        if (state.Buffers.Count != AverageNames.Count)
            return false;
        for (int i = 0; i < AverageNames.Count; i++)
        {
            if (state.Buffers[i].Name != AverageNames[i])
                return false;
        }

        return true;
    }

    /// <param name="state">A state.</param>
    /// <param name="shards">How many shards' optimizers there must be; null for any number.</param>
    /// <param name="isOfAnother">
    /// Whether it is of another run, which continues from here: with any number of lanes, and with averages and sums of its own.
    /// </param>
    internal void EnsureFits(TrainingState state, int? shards = null, bool isOfAnother = false)
    {
        var averages = state.Buffers;
        bool fits = state.Parameters.Length == Parameters.Length
            && (isOfAnother ? HasTheOptimizerOf(state) : state.Hidden.Length == Hidden.Length && HasTheBuffersOf(state));
        int inner = TrainerOptimizers.Count;
        fits = fits && inner > 0 == state.TrainerOptimizers.Count > 0 && inner == (shards ?? inner)
            && (inner == 0 || TrainerOptimizers[0].Names.SequenceEqual(state.TrainerOptimizers[0].Names));
        if (!fits)
        {
            throw new ArgumentException(
                $"the snapshot is for {Parameters.Length} parameters, {Hidden.Length} values of hidden state, "
                + $"[{string.Join(", ", AverageNames)}] and the inner optimizers of {inner} shards, "
                + $"the state has {state.Parameters.Length}, {state.Hidden.Length}, "
                + $"[{string.Join(", ", averages.Select(average => average.Name))}] and {state.TrainerOptimizers.Count}",
                nameof(state));
        }
    }
}
