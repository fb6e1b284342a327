using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Rounds;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.SingleProcess;

/// <summary>
/// Truncated backpropagation through time in one class, without grains: the reference that a cluster must match bit for bit. Shards
/// are run one after another, each on its own lanes, as by as many trainers.
/// </summary>
/// <remarks>Bound to the thread that created it.</remarks>
public sealed class SingleProcessTrainer : IDisposable
{
    /// <summary>Elements that a commit handles at a time: what stays in a processor's cache. The number changes no bit.</summary>
    private const int Piece = 1 << 14;

    private readonly RunSpec _spec;
    private readonly IDataSource _data;
    private readonly EpochPlans _plans;
    private readonly TrainerShards[] _shards;
    private readonly LocalTrainer[] _local;
    private readonly float[][] _gradients;
    private readonly StepCommit _commit;
    private RunOutput? _best;

    /// <summary>Prepares a run at S(0).</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">Its data; not owned.</param>
    /// <param name="makeReplica">Creates the network of each shard.</param>
    public SingleProcessTrainer(RunSpec spec, IDataSource data, Func<IReplica> makeReplica)
        : this(spec, data, makeReplica, new(spec), default)
    {
    }

    /// <summary>Prepares a run at any of its states.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">Its data; not owned.</param>
    /// <param name="makeReplica">Creates the network of each shard.</param>
    /// <param name="state">The committed state; training changes it.</param>
    /// <param name="next">The chunk that comes next; its step is that of the state.</param>
    public SingleProcessTrainer(RunSpec spec, IDataSource data, Func<IReplica> makeReplica, TrainingState state, StepPosition next)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfNotEqual(next.Step, state.Step, nameof(next));
        (_spec, _data, State, Next) = (spec, data, state, next);
        _plans = new(spec, data);
        _commit = new(State, spec.Train, Piece);
        var blocks = LaneBlock.Split(spec.Data.BatchSize, spec.Train.ShardCount);
        _shards = [.. blocks.Select(block => new TrainerShards(spec, data, [block], makeReplica()))];
        _local = [.. _shards.Where(_ => spec.Train.IsLocal).Select(shard => new LocalTrainer(spec, shard))];
        _gradients = [.. _shards.Select(_ => new float[spec.Train.IsLocal ? 0 : State.Layout.Length])];
        foreach (var (block, shard) in blocks.Zip(_shards))
            shard.Restore(state.Step, state.Hidden.AsSpan(block.First * state.PerLane, block.Count * state.PerLane));
        foreach (var (inner, local) in state.TrainerOptimizers.Zip(_local))
        {
            local.Restore(
                state.Step, [.. inner.Names.Index().Select(name => (ReadOnlyMemory<float>)inner.Average(name.Index))], inner.Count);
        }
    }

    /// <summary>
    /// How many shards are computed at the same time, each on a thread of its own; 1 by default, on the calling thread. Changes no bit.
    /// More than 1 is for replicas that are not bound to the thread that created them, as those of the fused engine.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>The chunk that comes next; at the number of an epoch's chunks, the epoch's end is still to come.</summary>
    public StepPosition Next { get; private set; }

    /// <summary>Whether all chunks of the epoch are trained on, so that <see cref="FinishEpoch"/> comes next.</summary>
    public bool IsAtEpochEnd => Next.Chunk >= ChunksOf(Next.Epoch);

    /// <summary>Chunks of an epoch, which is counted from 0.</summary>
    public long ChunksOf(int epoch) => _plans.Training(epoch).Steps;

    /// <summary>The committed state.</summary>
    public TrainingState State { get; }

    /// <summary>
    /// Why training ended before the last epoch, by <c>train.earlyStopping</c> or a limit of steps or epochs; null where it did not. There
    /// is no clock here: <c>limits.duration</c> has no effect.
    /// </summary>
    public string? EndedEarly { get; private set; }

    /// <summary>
    /// What the run leaves as its model, by <c>train.output</c>; of the best epoch, where one is finished. May be the state's own memory.
    /// </summary>
    /// <exception cref="InvalidOperationException">The best epoch was finished before the state that this trainer began with.</exception>
    public RunOutput Output => _best ?? (BestWasBefore is { } epoch
        ? throw new InvalidOperationException($"the parameters of epoch {epoch + 1}, the best one, are not in this trainer's state")
        : RunOutput.Of(State));

    /// <summary>
    /// The best epoch, from 0, where the run leaves its parameters and it was finished before the state that this trainer began with; null
    /// otherwise.
    /// </summary>
    public int? BestWasBefore =>
        _best is null && _spec.Train.Output == OutputKind.Best && _plans.HeldOut(HeldOutPart.Validation) is not null
            ? RunOutput.BestEpoch(State.Losses) : null;

    /// <summary>Trains every epoch that is left, or until <see cref="EndedEarly"/> says why not.</summary>
    /// <param name="onStep">Called after every step.</param>
    /// <param name="onEpoch">Called after every epoch, counted from 0, with the mean training loss and the validation loss, if any.</param>
    /// <returns>Null, or the outcome that ended the run early.</returns>
    public StepOutcome.Diverged? Train(Action<StepOutcome.Committed>? onStep = null, Action<int, double, double?>? onEpoch = null)
    {
        while (Next.Epoch < _spec.Train.Epochs && EndedEarly is null)
        {
            while (!IsAtEpochEnd)
            {
                EndedEarly = _spec.Limits?.Reached(State.Step, Next.Epoch, TimeSpan.Zero);
                if (EndedEarly is not null)
                    return null;
                var outcome = Advance();
                if (outcome is StepOutcome.Diverged diverged)
                    return diverged;
                foreach (var step in StepsOf(outcome))
                    onStep?.Invoke(step);
            }

            if (State.FindNotFinite() is { } found)
                return new StepOutcome.Diverged(found);
            int epoch = Next.Epoch;
            var (loss, validation) = FinishEpoch();
            onEpoch?.Invoke(epoch, loss, validation);
            EndedEarly = _spec.Train.EarlyStopping?.ReasonToEnd(
                State.Losses, _spec.Train.Epochs, validation is null ? "training" : "validation");
        }

        return null;
    }

    /// <summary>The committed steps of an outcome: one, all of a round, or none where it diverged.</summary>
    public static IReadOnlyList<StepOutcome.Committed> StepsOf(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Committed committed => [committed],
        StepOutcome.Round round => round.Steps,
        _ => [],
    };

    /// <summary>Makes the next step, or the next round of local steps, of the epoch: <see cref="Next"/> is behind it then.</summary>
    /// <exception cref="InvalidOperationException">The epoch has no further chunk.</exception>
    public StepOutcome Advance()
    {
        long chunks = ChunksOf(Next.Epoch);
        if (Next.Chunk >= chunks)
            throw new InvalidOperationException($"found epoch {Next.Epoch + 1} at its end, expected a chunk that is left of it");
        var outcome = _spec.Train.IsLocal ? TrainRound(Next, _spec.Train.Sync.RoundAt(Next.Chunk, chunks)) : TrainStep(Next);
        int steps = StepsOf(outcome).Count;
        Next = Next with { Step = Next.Step + steps, Chunk = Next.Chunk + steps };
        return outcome;
    }

    /// <summary>Ends the epoch: evaluates what is held out, if anything is, and records the epoch's losses.</summary>
    /// <param name="cancellation">Looked at before each chunk that is evaluated.</param>
    /// <returns>The mean training loss, and the validation loss.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; the epoch's end is still to come.</exception>
    public (double Loss, double? Validation) FinishEpoch(CancellationToken cancellation = default)
    {
        double? validation = EvaluateHeldOut(HeldOutPart.Validation, cancellation)?.Loss;
        double loss = State.FinishEpoch(validation);
        if (_spec.Train.Output == OutputKind.Best && validation is not null && RunOutput.BestEpoch(State.Losses) == Next.Epoch)
            _best = RunOutput.Of(State).Copy();
        Next = Next with { Epoch = Next.Epoch + 1, Chunk = 0 };
        return (loss, validation);
    }

    /// <summary>
    /// One step: each shard's chunk is run forward and backward; the results are averaged, checked, clipped and applied, or kept for the
    /// update that further chunks belong to.
    /// </summary>
    public StepOutcome TrainStep(StepPosition at)
    {
        var results = new ShardResult[_shards.Length];
        ForEachShard(i =>
        {
            // Each shard carries its lanes' hidden state over from the previous chunk, as values: the gradient stops at the chunk's
            // start.
            var (lossSum, weight) = _shards[i].TrainChunk(at, State.Parameters, _gradients[i])[0];
            results[i] = new(_gradients[i], _shards[i].Hidden, lossSum, weight);
        });

        _commit.ClosesUpdate = _spec.Train.Accumulate == 1 || _spec.Train.ClosesUpdate(at.Chunk, _plans.Training(at.Epoch).Steps);
        _commit.RateFactor = _plans.Training(at.Epoch).RateFactor(at.Chunk);
        return _commit.Commit(results);
    }

    /// <summary>
    /// One round: each shard makes a number of local steps from the same parameters; the differences are averaged, checked and applied by
    /// the outer optimizer.
    /// </summary>
    public StepOutcome TrainRound(StepPosition at, int chunks)
    {
        var results = new RoundResult[_local.Length];
        ForEachShard(i => results[i] = _local[i].TrainRound(at, chunks, State.Parameters, isAbandoned: () => false)!.Value);
        return State.CommitRound(results);
    }

    /// <summary>
    /// The mean loss over the held-out elements, of validation with the state's evaluated parameters, of the test with those of
    /// <see cref="Output"/>; null when nothing is held out. Does not change training's hidden state.
    /// </summary>
    public double? Evaluate() => EvaluateHeldOut()?.Loss;

    /// <summary>As <see cref="Evaluate"/>, with the errors of each target in its units, and what they are over.</summary>
    /// <param name="part">The part that is held out.</param>
    public HeldOutFigures? EvaluateHeldOut(HeldOutPart part = HeldOutPart.Validation) => EvaluateHeldOut(part, CancellationToken.None);

    private HeldOutFigures? EvaluateHeldOut(HeldOutPart part, CancellationToken cancellation)
    {
        if (_plans.HeldOut(part) is not { } plan)
            return null;
        double lossSum = 0, weight = 0;
        var totals = new EvaluationTotals(_data, part, plan.Lanes, _spec.Train.Loss);
        for (long chunk = 0; chunk < plan.Steps; chunk++)
        {
            cancellation.ThrowIfCancellationRequested();
            var parameters = chunk > 0 ? default : part == HeldOutPart.Test ? Output.Parameters : State.Evaluated;
            EvaluatedChunk[] results = new EvaluatedChunk[_shards.Length];
            ForEachShard(i => results[i] = _shards[i].EvaluateChunk(chunk, parameters, part: part)[0]);
            lossSum += PairwiseTree.Sum([.. results.Select(result => result.LossSum)]);
            weight += PairwiseTree.Sum([.. results.Select(result => result.Weight)]);
            foreach (var sums in results.Select(result => result.Sums).OfType<GroupSums>())
                totals.Take(sums);
        }

        return EvaluationReport.Of(totals, lossSum, weight);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards)
            shard.Dispose();
    }

    private void ForEachShard(Action<int> compute)
    {
        if (Threads > 1 && _shards.Length > 1)
        {
            Parallel.For(0, _shards.Length, new() { MaxDegreeOfParallelism = Threads }, compute);
            return;
        }

        for (int i = 0; i < _shards.Length; i++)
            compute(i);
    }
}
