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
    {
        (_spec, _data) = (spec, data);
        _plans = new(spec, data);
        State = new(spec);
        _commit = new(State, spec.Train, Piece);
        _shards = [.. LaneBlock.Split(spec.Data.BatchSize, spec.Train.ShardCount)
            .Select(block => new TrainerShards(spec, data, [block], makeReplica()))];
        _local = [.. _shards.Where(_ => spec.Train.IsLocal).Select(shard => new LocalTrainer(spec, shard))];
        _gradients = [.. _shards.Select(_ => new float[spec.Train.IsLocal ? 0 : State.Layout.Length])];
    }

    /// <summary>The committed state.</summary>
    public TrainingState State { get; }

    /// <summary>
    /// Why training ended before the last epoch, by <c>train.earlyStopping</c> or <c>limits.steps</c>; null where it did not. There is no
    /// clock here: <c>limits.duration</c> has no effect.
    /// </summary>
    public string? EndedEarly { get; private set; }

    /// <summary>
    /// What the run leaves as its model, by <c>train.output</c>; of the best epoch, where one is finished. May be the state's own memory.
    /// </summary>
    public RunOutput Output => _best ?? RunOutput.Of(State);

    /// <summary>Trains every epoch, or until <see cref="EndedEarly"/> says why not.</summary>
    /// <param name="onStep">Called after every step.</param>
    /// <param name="onEpoch">Called after every epoch, counted from 0, with the mean training loss and the validation loss, if any.</param>
    /// <returns>Null, or the outcome that ended the run early.</returns>
    public StepOutcome.Diverged? Train(Action<StepOutcome.Committed>? onStep = null, Action<int, double, double?>? onEpoch = null)
    {
        for (int epoch = 0; epoch < _spec.Train.Epochs && EndedEarly is null; epoch++)
        {
            long chunks = _plans.Training(epoch).Steps;
            for (long chunk = 0; chunk < chunks;)
            {
                EndedEarly = _spec.Limits?.Reached(State.Step, TimeSpan.Zero);
                if (EndedEarly is not null)
                    return null;
                var at = new StepPosition(State.Step, epoch, chunk);
                switch (_spec.Train.IsLocal ? TrainRound(at, _spec.Train.Sync.RoundAt(chunk, chunks)) : TrainStep(at))
                {
                    case StepOutcome.Committed committed:
                        chunk++;
                        onStep?.Invoke(committed);
                        break;
                    case StepOutcome.Round round:
                        chunk += round.Steps.Count;
                        foreach (var step in round.Steps)
                            onStep?.Invoke(step);
                        break;
                    case StepOutcome.Diverged diverged:
                        return diverged;
                }
            }

            if (State.FindNotFinite() is { } found)
                return new StepOutcome.Diverged(found);
            double? validation = Evaluate();
            onEpoch?.Invoke(epoch, State.FinishEpoch(validation), validation);
            if (_spec.Train.Output == OutputKind.Best && validation is not null && RunOutput.BestEpoch(State.Losses) == epoch)
                _best = RunOutput.Of(State).Copy();
            EndedEarly = _spec.Train.EarlyStopping?.ReasonToEnd(
                State.Losses, _spec.Train.Epochs, validation is null ? "training" : "validation");
        }

        return null;
    }

    /// <summary>
    /// One step: each shard's chunk is run forward and backward; the results are averaged, checked, clipped and applied, or kept for the
    /// update that further chunks belong to.
    /// </summary>
    public StepOutcome TrainStep(StepPosition at)
    {
        var results = new ShardResult[_shards.Length];
        for (int i = 0; i < _shards.Length; i++)
        {
            // Each shard carries its lanes' hidden state over from the previous chunk, as values: the gradient stops at the chunk's
            // start.
            var (lossSum, weight) = _shards[i].TrainChunk(at, State.Parameters, _gradients[i])[0];
            results[i] = new(_gradients[i], _shards[i].Hidden, lossSum, weight);
        }

        _commit.ClosesUpdate = _spec.Train.Accumulate == 1 || _spec.Train.ClosesUpdate(at.Chunk, _plans.Training(at.Epoch).Steps);
        _commit.RateFactor = _plans.Training(at.Epoch).RateFactor(at.Chunk);
        return _commit.Commit(results);
    }

    /// <summary>
    /// One round: each shard makes a number of local steps from the same parameters; the differences are averaged, checked and applied by
    /// the outer optimizer.
    /// </summary>
    public StepOutcome TrainRound(StepPosition at, int chunks) =>
        State.CommitRound([.. _local.Select(shard => shard.TrainRound(at, chunks, State.Parameters, isAbandoned: () => false)!.Value)]);

    /// <summary>
    /// The mean loss over the held-out elements, of validation with the state's evaluated parameters, of the test with those of
    /// <see cref="Output"/>; null when nothing is held out. Does not change training's hidden state.
    /// </summary>
    public double? Evaluate() => EvaluateHeldOut()?.Loss;

    /// <summary>As <see cref="Evaluate"/>, with the errors of each target in its units, and what they are over.</summary>
    /// <param name="part">The part that is held out.</param>
    public HeldOutFigures? EvaluateHeldOut(HeldOutPart part = HeldOutPart.Validation)
    {
        if (_plans.HeldOut(part) is not { } plan)
            return null;
        double lossSum = 0, weight = 0;
        var totals = new EvaluationTotals(_data, part, plan.Lanes, _spec.Train.Loss);
        for (long chunk = 0; chunk < plan.Steps; chunk++)
        {
            var parameters = chunk > 0 ? default : part == HeldOutPart.Test ? Output.Parameters : State.Evaluated;
            EvaluatedChunk[] results = new EvaluatedChunk[_shards.Length];
            for (int i = 0; i < results.Length; i++)
                results[i] = _shards[i].EvaluateChunk(chunk, parameters, part: part)[0];
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
}
