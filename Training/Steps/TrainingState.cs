using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>What one shard gives to a step. The buffers belong to the step once handed over: it sums in place.</summary>
/// <param name="GradientSum">Gradient of the loss sum over the shard's lanes, <c>[parameters]</c>.</param>
/// <param name="Hidden">The new hidden state of its lanes.</param>
/// <param name="LossSum">The loss summed over its elements.</param>
/// <param name="Weight">Its elements.</param>
public readonly record struct ShardResult(Memory<float> GradientSum, ReadOnlyMemory<float> Hidden, double LossSum, double Weight);

/// <summary>How a step ended: committed, or refused because a number was not finite.</summary>
public abstract record StepOutcome
{
    /// <summary>The update was made.</summary>
    /// <param name="Loss">Mean loss over the step's elements, before the update; NaN where all of them are masked.</param>
    /// <param name="GradientNorm">Global norm of the averaged gradient, before clipping.</param>
    /// <param name="LearningRate">The learning rate of the update.</param>
    /// <param name="Weight">Elements of the step that have a target; where it is 0, parameters and optimizer stay as they are.</param>
    /// <param name="DifferenceNorm">Global norm of a round's averaged difference, with its last step; null otherwise.</param>
    /// <param name="Hash">
    /// The hash of the state after it, in a round of that after its last step; null where <see cref="MetricsSpec"/> wants none.
    /// </param>
    public sealed record Committed(double Loss, double GradientNorm, double LearningRate, double Weight,
        double? DifferenceNorm = null, StateHash? Hash = null) : StepOutcome;

    /// <summary>A round of local steps was made, and the update after it.</summary>
    /// <param name="Steps">
    /// Its steps, in order. The loss of each is that of the trainers' own parameters at it; there is no gradient of all of them, and its
    /// norm is NaN; the learning rate is that of the trainers' own updates.
    /// </param>
    public sealed record Round(IReadOnlyList<Committed> Steps) : StepOutcome;

    /// <summary>
    /// The loss or the gradient was not finite, and nothing was changed; or the update overflowed, and the state is not to be used again.
    /// </summary>
    /// <param name="Message">Step, shard and the largest gradient, or the number that overflowed and what to do, in words.</param>
    public sealed record Diverged(string Message) : StepOutcome;

    /// <summary>The mean; NaN over no elements, the same NaN on every processor, which 0/0 is not.</summary>
    internal static double Mean(double lossSum, double weight) => weight > 0 ? lossSum / weight : double.NaN;
}

/// <summary>
/// The committed state S(n) of a run: parameters, optimizer state, the hidden state of every lane, the loss sums of the epoch, and how many
/// steps led here. Training changes it in <see cref="StepCommit"/> and <see cref="CommitRound"/> alone, by all of a step or by nothing.
/// </summary>
public sealed partial class TrainingState
{
    private readonly TrainSpec _spec;
    private readonly int _hashedEvery;
    private readonly StateHasher _hasher;

    /// <summary>S(0): initial parameters, zero hidden state.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    public TrainingState(RunSpec spec) : this(spec, isEmpty: false)
    {
    }

    private TrainingState(RunSpec spec, bool isEmpty)
    {
        _spec = spec.Train;
        Layout = ParameterLayout.Of(spec.Model);
        Parameters = isEmpty ? new float[Layout.Length] : InitialParameters.Of(spec, Layout);
        Optimizer = Optimizers.Optimizer.OfTheRun(spec.Train, Layout.Length);
        Average = new(spec.Train, Layout.Length);
        GradientSum = new float[spec.Train.Accumulate > 1 ? Layout.Length : 0];
        Buffers = [.. BuffersOf(spec.Train, Optimizer, Average.Values, GradientSum)];
        TrainerOptimizers = TrainerOptimizerState.OfAll(spec.Train, Layout);
        PerLane = LaneState.PerLane(spec);
        Hidden = new float[checked(spec.Data.BatchSize * PerLane)];
        _hashedEvery = spec.Metrics.StateHash ? spec.Metrics.Every : 0;
        _hasher = new(this);
    }

    /// <summary>
    /// A state with parameters of zero, to <see cref="Restore"/> or <see cref="Continue"/>: drawing those that are then overwritten can
    /// take minutes (<c>model.init</c>, orthogonal).
    /// </summary>
    /// <param name="spec">The run's spec, every size known.</param>
    public static TrainingState Empty(RunSpec spec) => new(spec, isEmpty: true);

    /// <summary>Names and shapes of the parameters.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The flat parameters.</summary>
    public float[] Parameters { get; }

    /// <summary>The optimizer of the run's parameters with its state.</summary>
    public IOptimizer Optimizer { get; }

    /// <summary>The hidden state of every lane, lane-major, as <see cref="LaneState"/> says.</summary>
    public float[] Hidden { get; }

    /// <summary>Values of a lane in <see cref="Hidden"/>.</summary>
    public int PerLane { get; }

    /// <summary>How it is trained.</summary>
    internal TrainSpec Train => _spec;

    /// <summary>Committed steps of the run.</summary>
    public long Step { get; private set; }

    /// <summary>Training loss summed over the elements of the epoch so far.</summary>
    public double EpochLossSum { get; private set; }

    /// <summary>Elements of the epoch so far.</summary>
    public double EpochWeight { get; private set; }

    /// <summary>
    /// The losses of the run's finished epochs, in order: of validation, or of training where nothing is held out. Always another list when
    /// it grows.
    /// </summary>
    public IReadOnlyList<double> Losses { get; private set; } = [];

    /// <summary>The hash of the state as it is.</summary>
    public StateHash Hash() => StateHasher.Of(this);

    /// <summary>What makes the hash of the state after a step; null where the spec wants none of it.</summary>
    /// <param name="step">The step, from 1.</param>
    internal StateHasher? HasherAt(long step) => _hashedEvery > 0 && step % _hashedEvery == 0 ? _hasher : null;

    /// <summary>The last part of a step, when the parameters are updated: carries the hidden state and counts.</summary>
    internal void Advance(IReadOnlyList<ShardResult> shards, double lossSum, double weight)
    {
        Carry(shards.Select(shard => shard.Hidden));
        Step++;
        EpochLossSum += lossSum;
        EpochWeight += weight;
    }

    /// <summary>
    /// Names the first parameter that is not finite; null when all are. A step checks loss and gradient; an update can overflow by itself.
    /// </summary>
    public string? FindNotFinite() => Divergence.Find(Step, Parameters, Layout);

    /// <summary>Closes the epoch: returns its mean loss over all elements and begins the next one's sums.</summary>
    /// <param name="validation">The validation loss at its end; null where nothing is held out.</param>
    public double FinishEpoch(double? validation = null)
    {
        double loss = EpochLossSum / EpochWeight;
        Losses = [.. Losses, validation ?? loss];
        Average.Follow(Losses);
        EpochLossSum = EpochWeight = 0;
        return loss;
    }

    /// <summary>
    /// Copies all of S(n) into its own buffers, so that it can be written while training continues. Allocates nothing.
    /// </summary>
    /// <param name="snapshot">A snapshot made for the same spec.</param>
    /// <exception cref="ArgumentException">It was made for another model, optimizer or number of lanes.</exception>
    public void CopyTo(TrainingSnapshot snapshot)
    {
        snapshot.EnsureFits(this, shards: TrainerOptimizers.Count);
        Parameters.CopyTo(snapshot.Parameters, 0);
        Hidden.CopyTo(snapshot.Hidden, 0);
        for (int i = 0; i < Buffers.Count; i++)
            Buffers[i].Values.Span.CopyTo(snapshot.Average(i));
        for (int i = 0; i < TrainerOptimizers.Count; i++)
            snapshot.TrainerOptimizers[i].Take(TrainerOptimizers[i]);
        snapshot.OptimizerCount = Optimizer.Count;
        (snapshot.Updates, snapshot.AverageCount, snapshot.GradientWeight) = (SavedUpdates, Average.Count, GradientWeight);
        (snapshot.Step, snapshot.EpochLossSum, snapshot.EpochWeight, snapshot.Losses) = (Step, EpochLossSum, EpochWeight, Losses);
    }

    /// <summary>
    /// Becomes the S(n) of a snapshot, to the bit. Where trainers make local steps and their number has changed, each inner optimizer
    /// begins as <see cref="TrainerOptimizerState.TakeMean"/> says.
    /// </summary>
    /// <param name="snapshot">A snapshot made for the same spec; any number of shards.</param>
    /// <exception cref="ArgumentException">It was made for another model, optimizer or number of lanes. Nothing was changed.</exception>
    public void Restore(TrainingSnapshot snapshot)
    {
        snapshot.EnsureFits(this);
        snapshot.Parameters.CopyTo(Parameters, 0);
        snapshot.Hidden.CopyTo(Hidden, 0);
        RestoreBuffers(snapshot);
        (Step, EpochLossSum, EpochWeight, Losses) = (snapshot.Step, snapshot.EpochLossSum, snapshot.EpochWeight, snapshot.Losses);
        Average.Follow(Losses);
    }

    /// <summary>
    /// Becomes the state that a run begins with which extends another one: parameters, optimizers and steps are those at the other run's
    /// end, and so is the hidden state of the lanes that continue; the loss sums are those of a new epoch.
    /// </summary>
    /// <param name="end">
    /// The end of the other run, of the same model and optimizer; any number of lanes and shards, steps of an update, and averages.
    /// </param>
    /// <param name="lanes">For each lane from 0 on the other run's lane; -1, and for lanes behind the last one, hidden state zero.</param>
    /// <exception cref="ArgumentException">It was made for another model or optimizer. Nothing was changed.</exception>
    public void Continue(TrainingSnapshot end, IReadOnlyList<int> lanes)
    {
        ArgumentNullException.ThrowIfNull(end);
        ArgumentNullException.ThrowIfNull(lanes);
        end.EnsureFits(this, isOfAnother: true);
        end.Parameters.CopyTo(Parameters, 0);
        RestoreBuffers(end);
        Array.Clear(Hidden);
        int length = Layout.HiddenPerLane;
        for (int lane = 0; lane < lanes.Count; lane++)
        {
            if (lanes[lane] >= 0)
                end.Hidden.AsSpan(lanes[lane] * end.PerLane, length).CopyTo(Hidden.AsSpan(lane * PerLane));
        }

        (Step, EpochLossSum, EpochWeight, Losses) = (end.Step, 0, 0, []);
        ContinueRecipe(end);
    }

    /// <summary>Refuses hidden states that are not those of all lanes, before anything of a step is changed.</summary>
    /// <param name="values">The number of values that all trainers returned together.</param>
    /// <exception cref="InvalidDataException">It is not the number of values of this state.</exception>
    internal void EnsureHiddenFits(long values)
    {
        if (values != Hidden.Length)
            throw new InvalidDataException(
                $"step {Step + 1}: found {values} values of hidden state from the trainers, expected {Hidden.Length} of all lanes");
    }

    private void Carry(IEnumerable<ReadOnlyMemory<float>> hidden)
    {
        int lane = 0;
        foreach (var lanes in hidden)
        {
            lanes.Span.CopyTo(Hidden.AsSpan(lane));
            lane += lanes.Length;
        }
    }
}
