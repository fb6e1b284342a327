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

/// <summary>What a shard's part of a chunk gave.</summary>
/// <param name="LossSum">The loss summed over its elements.</param>
/// <param name="Weight">
/// What that is divided by: its elements, without masked ones, where the loss counts them; 0 where all of its lanes were idle.
/// </param>
public readonly record struct ShardLoss(double LossSum, double Weight);

/// <summary>
/// One trainer's shards of a run: their lanes, the trainer's replica, and the lanes' hidden state, carried from chunk to chunk. What a
/// shard gives is the same to the bit whichever other shards the trainer has.
/// </summary>
/// <remarks>
/// It keeps two hidden states: the one a step began with and the one it ended with. The next step continues from the second;
/// for the same step again, because another trainer was lost, it starts over from the first. Not thread-safe; bound to a thread where its
/// replica is.
/// </remarks>
public sealed partial class TrainerShards : IDisposable
{
    private readonly RunSpec _spec;
    private readonly IDataSource _data;
    private readonly LaneBlock[] _shards;
    private readonly LaneBlock _block;
    private readonly IReplica _replica;
    private readonly IShardsReplica? _atOnce;
    private readonly EpochPlans _plans;
    private readonly PieceSweep[] _sweeps;
    private readonly EarlierStates[] _earlier;
    private readonly double[] _lossSums;
    private readonly double[] _weights;
    private readonly ShardLoss[] _losses;
    private ShardBatches _batch;
    private ShardBatches _next;
    private StepPosition? _prefetched;
    private long _step;
    private bool _hasAfter;
    private float[] _before;
    private float[] _after;
    private float[]? _rounded;
    private readonly float[] _initial;

    /// <summary>Creates shards at step 0 with zero hidden state.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">The run's data; not owned.</param>
    /// <param name="shards">The lanes of each of the trainer's shards, which follow one another.</param>
    /// <param name="replica">Its network; owned.</param>
    public TrainerShards(RunSpec spec, IDataSource data, IReadOnlyList<LaneBlock> shards, IReplica replica)
    {
        (_spec, _data, _replica, _shards) = (spec, data, replica, [.. shards]);
        _block = new ShardRange(0, _shards.Length).Lanes(_shards);
        bool inPieces = spec.Tbptt.Backprop.IsFull && !spec.TakesWholeSequences && replica is IPieceReplica;
        int states = LaneState.States(spec);
        _atOnce = _shards.Length > 1 && !inPieces && states == 1 && !spec.Model.Bidirectional ? replica as IShardsReplica : null;
        _plans = new(spec, data);
        (_batch, _next) = (new(data.Shape, _shards, _atOnce is not null), new(data.Shape, _shards, _atOnce is not null));
        _sweeps = [.. _shards.Where(_ => inPieces).Select((block, shard) =>
            new PieceSweep((IPieceReplica)replica, _batch[shard], block, spec.Tbptt.ChunkLength!.Value))];
        (_lossSums, _weights, _losses) = (new double[_shards.Length], new double[_shards.Length], new ShardLoss[_shards.Length]);
        _evaluatedChunks = new EvaluatedChunk[_shards.Length];
        _initial = new float[replica.Layout.InitialState is null ? 0 : replica.Layout.HiddenPerLane];
        int hidden = _block.Count * replica.Layout.HiddenPerLane;
        (_before, _after) = (new float[hidden * states], new float[hidden * states]);
        _earlier = [.. _shards.Where(_ => states > 1).Select(block => new EarlierStates(block, replica.Layout.HiddenPerLane, states))];
        (_evaluationBefore, _evaluationAfter) = (new float[hidden], new float[hidden]);
        _sums = [.. Enum.GetValues<HeldOutPart>().Select(part => _shards.Select(block =>
            data.HeldOut(part) is { } held && !data.Shape.HasClasses
                ? new EvaluationSums(held, data.Shape.TargetFeatures, spec.Train.Loss, spec.Data.BatchSize, block) : null).ToArray())];
        if (spec.Train.Loss.BlankClass is { } blank)
            _classes = new LabelSums(blank, _block.First);
        else if (ClassCounts.Numbers(data.Shape.Classes) > 0)
            _classes = new ClassSums(data.Shape.Classes, _block.First, spec.Train.Loss.IgnoredTarget);
        _map = new(spec.Train.Loss);
    }

    /// <summary>The network.</summary>
    public IReplica Replica => _replica;

    /// <summary>How many shards.</summary>
    public int Count => _shards.Length;

    /// <summary>The hidden state after the last chunk, of the lanes of all shards, lane-major.</summary>
    public ReadOnlyMemory<float> Hidden => _hasAfter ? _after : _before;

    /// <summary>The hidden state after the last chunk of one shard's lanes.</summary>
    public ReadOnlyMemory<float> HiddenOf(int shard) =>
        Hidden.Slice(
            (_shards[shard].First - _block.First) * PerLane(_before), _shards[shard].Count * PerLane(_before));

    /// <summary>Restores the shards to a committed state.</summary>
    /// <param name="step">Committed steps.</param>
    /// <param name="hidden">Its lanes' hidden state after that step.</param>
    public void Restore(long step, ReadOnlySpan<float> hidden)
    {
        hidden.CopyTo(_before);
        (_step, _hasAfter) = (step, false);
    }

    /// <summary>Whether a step can be trained on: the next one, or the last one again.</summary>
    public bool CanTrain(long step) => step == _step || (_hasAfter && step == _step + 1);

    /// <summary>Whether a step was trained on last.</summary>
    public bool HasTrained(long step) => _hasAfter && step == _step;

    /// <summary>Trains on one chunk: forward, backward, hidden state detached and carried.</summary>
    /// <param name="at">The chunk.</param>
    /// <param name="parameters">The parameters of S(step).</param>
    /// <param name="gradientSums">Receives the gradient of each shard's loss sum, <c>[shards][parameters]</c>.</param>
    /// <param name="areRounded">Whether the parameters are known to be rounded as the wire rounds them.</param>
    /// <returns>What each shard gave, until the next chunk.</returns>
    public ReadOnlySpan<ShardLoss> TrainChunk(StepPosition at, ReadOnlySpan<float> parameters, Span<float> gradientSums,
        bool areRounded = false)
    {
        if (!CanTrain(at.Step))
            throw new InvalidOperationException($"found step {at.Step}, expected step {_step}");
        if (at.Step > _step)
            (_before, _after) = (_after, _before);
        (_step, _hasAfter) = (at.Step, false);
        Fetch(at);
        LoadParameters(parameters, areRounded);
        StartSequences(_batch, _before);
        var dropout = new DropoutMasks(_spec.Seed, at.Step, _block.First, _spec.Model.Dropout);
        if (_atOnce is not null)
        {
            _atOnce.ForwardBackward(_batch, dropout, _before, _after, gradientSums, _lossSums);
            for (int shard = 0; shard < _shards.Length; shard++)
                _weights[shard] = WeightOf(shard);
        }

        int length = _replica.Layout.Length;
        for (int shard = 0; shard < _shards.Length && _atOnce is null; shard++)
        {
            var masks = dropout with { FirstLane = _shards[shard].First };
            var gradientSum = gradientSums.Slice(shard * length, length);
            if (_sweeps.Length > 0)
            {
                (_lossSums[shard], _weights[shard]) = _sweeps[shard].Run(masks, Of(shard, _before), Of(shard, _after), gradientSum);
                continue;
            }

            if (_earlier.Length == 0)
            {
                _lossSums[shard] = _replica.ForwardBackward(_batch[shard], masks, Of(shard, _before), Of(shard, _after), gradientSum);
            }
            else
            {
                var earlier = _earlier[shard];
                _lossSums[shard] = _replica.ForwardBackward(
                    _batch[shard], masks, earlier.Start(_batch[shard], Of(shard, _before), _initial), earlier.End, gradientSum);
                earlier.Advance(Of(shard, _before), Of(shard, _after));
            }

            _weights[shard] = WeightOf(shard);
        }

        CarryWaiting();
        for (int shard = 0; shard < _shards.Length; shard++)
        {
            if (_spec.Train.IsNarrow)
                Bfloat16.RoundStochastically(gradientSums.Slice(shard * length, length), RoundingKey(at.Step, _shards[shard].First));
            _losses[shard] = new(_lossSums[shard], _weights[shard]);
        }

        _hasAfter = true;
        return _losses;
    }

    /// <summary>Reads the likely next chunk ahead while the coordinator commits.</summary>
    /// <param name="last">The chunk trained on last.</param>
    /// <param name="reachesDevice">Whether the replica takes it in, too; not of shards whose chunk is not the first one to be run.</param>
    public void Prefetch(StepPosition last, bool reachesDevice = true)
    {
        var plan = _plans.Training(last.Epoch);
        if (_sweeps.Length > 0 || last.Chunk + 1 >= plan.Steps)
            return;
        var next = last with { Step = last.Step + 1, Chunk = last.Chunk + 1 };
        _next.Load(_data.Training, plan, next.Chunk);
        _prefetched = next;
        if (reachesDevice)
            (_replica as IReadsAhead)?.ReadAhead(_next[0]);
    }

    /// <inheritdoc/>
    public void Dispose() => _replica.Dispose();

    private int PerLane(float[] hidden) => hidden.Length / _block.Count;

    private double WeightOf(int shard) => Loss.WeightOf(_spec.Train.Loss, _batch[shard]);

    private Span<float> Of(int shard, float[] hidden) =>
        hidden.AsSpan((_shards[shard].First - _block.First) * PerLane(hidden), _shards[shard].Count * PerLane(hidden));

    /// <summary>
    /// Loads parameters in the wire's precision: a remote coordinator has rounded them already, and rounding is idempotent; a local one has
    /// not.
    /// </summary>
    private void LoadParameters(ReadOnlySpan<float> parameters, bool areRounded)
    {
        if (_spec.Train.IsNarrow && !areRounded)
        {
            _rounded ??= new float[parameters.Length];
            Bfloat16.Round(parameters, _rounded);
            parameters = _rounded;
        }

        _replica.LoadParameters(parameters);
        if (_replica.Layout.InitialState is { } first)
            parameters.Slice(first, _initial.Length).CopyTo(_initial);
    }

    private ulong RoundingKey(long step, int firstLane) => CounterRandom.Derive(
        CounterRandom.Derive(CounterRandom.Key(_spec.Seed, RandomPurpose.GradientRounding), (ulong)step), (ulong)firstLane);

    private void Fetch(StepPosition at)
    {
        foreach (var sweep in _sweeps)
            sweep.Begin(_data.Training, _plans.Training(at.Epoch), at.Chunk);
        if (_sweeps.Length > 0)
            return;
        if (_prefetched == at)
            (_batch, _next) = (_next, _batch);
        else
            _batch.Load(_data.Training, _plans.Training(at.Epoch), at.Chunk);
        _prefetched = null;
    }

    /// <summary>Lanes that wait keep their state; a replica leaves zeros.</summary>
    private void CarryWaiting()
    {
        int perLane = PerLane(_before);
        for (int shard = 0; shard < _shards.Length; shard++)
        {
            var batch = _batch[shard];
            for (int lane = 0; batch.HasWaiting && lane < _shards[shard].Count; lane++)
            {
                if (batch.ChunkOf(lane).IsWaiting)
                    Of(shard, _before).Slice(lane * perLane, perLane).CopyTo(Of(shard, _after)[(lane * perLane)..]);
            }
        }
    }

    /// <summary>Zeroes the hidden state where a sequence starts, or puts the learned one there, and zeroes that of idle lanes.</summary>
    private void StartSequences(ShardBatches batch, float[] hidden)
    {
        int perLane = PerLane(hidden);
        for (int shard = 0; shard < _shards.Length; shard++)
        {
            var part = batch[shard];
            var states = Of(shard, hidden);
            for (int lane = 0; lane < _shards[shard].Count; lane++)
            {
                if (!part.Resets[lane])
                    continue;
                var state = states.Slice(lane * perLane, perLane);
                state.Clear();
                if (part.ChunkOf(lane).StartsSequence)
                    _initial.CopyTo(state);
            }
        }
    }
}
