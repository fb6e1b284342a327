using Orleans.Tbptt.Data;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training;

/// <summary>The chunk that a step trains on.</summary>
/// <param name="Step">Committed steps before it, from 0.</param>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Chunk">The chunk's index in the epoch's plan, from 0.</param>
public readonly record struct StepPosition(long Step, int Epoch, long Chunk);

/// <summary>What one chunk of held-out sequences gave.</summary>
/// <param name="LossSum">The loss summed over its elements.</param>
/// <param name="Weight">What that is divided by: its elements, without masked ones, where the loss counts them.</param>
/// <param name="Sums">With the last chunk, what metrics need of all chunks; null with the others.</param>
public readonly record struct EvaluatedChunk(double LossSum, double Weight, GroupSums? Sums);

/// <summary>
/// One trainer's shard of a run: its lanes, its replica, and its lanes' hidden state, carried from chunk to chunk.
/// </summary>
/// <remarks>
/// It keeps two hidden states: the one a step began with and the one it ended with. The next step continues from the second;
/// for the same step again, because another trainer was lost, it starts over from the first. Not thread-safe; bound to a thread where its
/// replica is.
/// </remarks>
public sealed class TrainerShard : IDisposable
{
    private readonly RunSpec _spec;
    private readonly IDataSource _data;
    private readonly LaneBlock _block;
    private readonly IReplica _replica;
    private readonly EpochPlans _plans;
    private ChunkBatch _batch;
    private ChunkBatch _next;
    private StepPosition? _prefetched;
    private long _step;
    private bool _hasAfter;
    private float[] _before;
    private float[] _after;
    private HeldOutPart _part;
    private long _evaluated = -1;
    private bool _hasEvaluated;
    private float[] _evaluationBefore;
    private float[] _evaluationAfter;
    private readonly EvaluationSums?[] _sums;
    private readonly ClassSums? _classes;
    private readonly OutputMap _map;
    private float[] _outputs = [];
    private float[]? _rounded;
    private readonly PieceSweep? _sweep;
    private readonly EarlierStates? _earlier;

    /// <summary>Creates a shard at step 0 with zero hidden state.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">The run's data; not owned.</param>
    /// <param name="block">The trainer's lanes.</param>
    /// <param name="replica">Its network; owned.</param>
    public TrainerShard(RunSpec spec, IDataSource data, LaneBlock block, IReplica replica)
    {
        (_spec, _data, _block, _replica) = (spec, data, block, replica);
        _plans = new(spec, data);
        (_batch, _next) = (new(data.Shape), new(data.Shape));
        if (spec.Tbptt.Backprop.IsFull && replica is IPieceReplica pieces)
            _sweep = new(pieces, _batch, block, spec.Tbptt.ChunkLength!.Value);
        int hidden = block.Count * replica.Layout.HiddenPerLane, states = LaneState.States(spec);
        (_before, _after) = (new float[hidden * states], new float[hidden * states]);
        if (states > 1)
            _earlier = new(block, replica.Layout.HiddenPerLane, states);
        (_evaluationBefore, _evaluationAfter) = (new float[hidden], new float[hidden]);
        _sums = [.. Enum.GetValues<HeldOutPart>().Select(part => data.HeldOut(part) is { } held && !data.Shape.HasClasses
            ? new EvaluationSums(held, data.Shape.TargetFeatures, spec.Train.Loss, spec.Data.BatchSize, block) : null)];
        _classes = ClassCounts.Numbers(data.Shape.Classes) > 0 ? new(data.Shape.Classes, block.First, spec.Train.Loss.IgnoredTarget) : null;
        _map = new(spec.Train.Loss);
    }

    /// <summary>The network.</summary>
    public IReplica Replica => _replica;

    /// <summary>The hidden state after the last chunk, lane-major.</summary>
    public ReadOnlyMemory<float> Hidden => _hasAfter ? _after : _before;

    /// <summary>Restores the shard to a committed state.</summary>
    /// <param name="step">Committed steps.</param>
    /// <param name="hidden">Its lanes' hidden state after that step.</param>
    public void Restore(long step, ReadOnlySpan<float> hidden)
    {
        hidden.CopyTo(_before);
        (_step, _hasAfter) = (step, false);
    }

    /// <summary>Whether the shard can train on a step: the next one, or the last one again.</summary>
    public bool CanTrain(long step) => step == _step || (_hasAfter && step == _step + 1);

    /// <summary>Trains on one chunk: forward, backward, hidden state detached and carried.</summary>
    /// <param name="at">The chunk.</param>
    /// <param name="parameters">The parameters of S(step).</param>
    /// <param name="gradientSum">Receives the gradient of the loss sum.</param>
    /// <param name="areRounded">Whether the parameters are known to be rounded as the wire rounds them.</param>
    /// <returns>The loss sum and what it is divided by: the elements that it was summed over, where the loss counts them.</returns>
    public (double LossSum, double Weight) TrainChunk(StepPosition at, ReadOnlySpan<float> parameters, Span<float> gradientSum,
        bool areRounded = false)
    {
        if (!CanTrain(at.Step))
            throw new InvalidOperationException($"found step {at.Step}, expected step {_step}");
        if (at.Step > _step)
            (_before, _after) = (_after, _before);
        (_step, _hasAfter) = (at.Step, false);
        Fetch(at);
        ZeroWhereSequencesStart(_batch, _before);
        LoadParameters(parameters, areRounded);
        var dropout = new DropoutMasks(_spec.Seed, at.Step, _block.First, _spec.Model.Dropout);
        var (lossSum, weight) = _sweep is null && _earlier is null
            ? (_replica.ForwardBackward(_batch, dropout, _before, _after, gradientSum), Loss.WeightOf(_spec.Train.Loss, _batch))
            : ReachFurtherBack(dropout, gradientSum);
        if (_batch.HasWaiting)
            CarryWaiting();
        if (_spec.Train.IsNarrow)
            Bfloat16.RoundStochastically(gradientSum, RoundingKey(at.Step));
        _hasAfter = true;
        return (lossSum, weight);
    }

    /// <summary>Reads the likely next chunk ahead while the coordinator commits.</summary>
    public void Prefetch(StepPosition last)
    {
        var plan = _plans.Training(last.Epoch);
        if (_sweep is not null || last.Chunk + 1 >= plan.Steps)
            return;
        var next = last with { Step = last.Step + 1, Chunk = last.Chunk + 1 };
        _next.Load(_data.Training, plan, next.Chunk, _block);
        _prefetched = next;
    }

    /// <summary>
    /// Runs one chunk of sequences that are held out, with a separate hidden state that chunk 0 zeroes. Repeating a chunk gives the same
    /// result.
    /// </summary>
    /// <param name="chunk">The chunk's index in the evaluation's plan, from 0.</param>
    /// <param name="parameters">The parameters; empty to keep those of the previous chunk.</param>
    /// <param name="areRounded">Whether they are known to be rounded as the wire rounds them.</param>
    /// <param name="part">The part that is held out.</param>
    /// <exception cref="InvalidOperationException">The chunk is neither the first, nor the next, nor the last one again.</exception>
    public EvaluatedChunk EvaluateChunk(
        long chunk, ReadOnlySpan<float> parameters, bool areRounded = false, HeldOutPart part = HeldOutPart.Validation)
    {
        if (!parameters.IsEmpty)
            LoadParameters(parameters, areRounded);
        if (chunk == 0)
            Array.Clear(_evaluationBefore);
        else if (part != _part)
            throw new InvalidOperationException($"found evaluation chunk {chunk} of {part}, expected one of {_part}, or chunk 0");
        else if (chunk == _evaluated + 1 && _hasEvaluated)
            (_evaluationBefore, _evaluationAfter) = (_evaluationAfter, _evaluationBefore);
        else if (chunk != _evaluated)
            throw new InvalidOperationException($"found evaluation chunk {chunk}, expected chunk {_evaluated}");
        (_part, _evaluated, _hasEvaluated) = (part, chunk, false);
        var (plan, sums) = (_plans.HeldOut(part)!, _sums[(int)part]);
        _batch.Load(_data.HeldOut(part)!, plan, chunk, _block);
        ZeroWhereSequencesStart(_batch, _evaluationBefore);
        int needed = sums is null ? 0 : _batch.Rows * _spec.Model.OutputSize!.Value;
        if (_outputs.Length < needed)
            _outputs = new float[needed];
        var largest = _classes is null ? [] : _classes.Begin(chunk, _batch.Rows);
        double lossSum = _replica.Forward(_batch, _evaluationBefore, _evaluationAfter, _outputs.AsSpan(0, needed), largest);
        _map.Apply(_outputs.AsSpan(0, needed));
        sums?.Add(chunk, _batch, _outputs.AsSpan(0, needed));
        _classes?.Add(_batch);
        _hasEvaluated = true;
        return new(lossSum, Loss.WeightOf(_spec.Train.Loss, _batch), chunk == plan.Steps - 1 ? sums?.Groups ?? _classes?.Groups : null);
    }

    /// <inheritdoc/>
    public void Dispose() => _replica.Dispose();

    /// <summary>Runs a step whose gradient reaches further back than its chunk: over whole sequences, or a window.</summary>
    private (double LossSum, double Weight) ReachFurtherBack(DropoutMasks dropout, Span<float> gradientSum)
    {
        if (_sweep is not null)
            return _sweep.Run(dropout, _before, _after, gradientSum);
        double lossSum = _replica.ForwardBackward(_batch, dropout, _earlier!.Start(_batch, _before), _earlier.End, gradientSum);
        _earlier.Advance(_before, _after);
        return (lossSum, Loss.WeightOf(_spec.Train.Loss, _batch));
    }

    /// <summary>
    /// Loads parameters in the wire's precision: a remote coordinator has rounded them already, and rounding is idempotent; a local one has
    /// not.
    /// </summary>
    private void LoadParameters(ReadOnlySpan<float> parameters, bool areRounded)
    {
        if (!_spec.Train.IsNarrow || areRounded)
        {
            _replica.LoadParameters(parameters);
            return;
        }

        _rounded ??= new float[parameters.Length];
        Bfloat16.Round(parameters, _rounded);
        _replica.LoadParameters(_rounded);
    }

    private ulong RoundingKey(long step) => CounterRandom.Derive(
        CounterRandom.Derive(CounterRandom.Key(_spec.Seed, RandomPurpose.GradientRounding), (ulong)step), (ulong)_block.First);

    private void Fetch(StepPosition at)
    {
        if (_sweep is not null)
            _sweep.Begin(_data.Training, _plans.Training(at.Epoch), at.Chunk);
        else if (_prefetched == at)
            (_batch, _next) = (_next, _batch);
        else
            _batch.Load(_data.Training, _plans.Training(at.Epoch), at.Chunk, _block);
        _prefetched = null;
    }

    /// <summary>Lanes that wait keep their state; a replica leaves zeros.</summary>
    private void CarryWaiting()
    {
        int perLane = _before.Length / _block.Count;
        for (int lane = 0; lane < _block.Count; lane++)
        {
            if (_batch.ChunkOf(lane).IsWaiting)
                _before.AsSpan(lane * perLane, perLane).CopyTo(_after.AsSpan(lane * perLane));
        }
    }

    private void ZeroWhereSequencesStart(ChunkBatch batch, float[] hidden)
    {
        int perLane = hidden.Length / _block.Count;
        for (int lane = 0; lane < _block.Count; lane++)
        {
            if (batch.Resets[lane])
                hidden.AsSpan(lane * perLane, perLane).Clear();
        }
    }
}
