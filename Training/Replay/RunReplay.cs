using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Checkpoints;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>
/// Computes states of a run again, to the bit: S(N) comes from the newest whole checkpoint at or before step N, or from what the run began
/// with, and the steps between, by <see cref="SingleProcessTrainer"/>. Reads the run's directory and never writes to it, so that the run
/// may be trained meanwhile.
/// </summary>
/// <remarks>Bound to the thread that created it where its replicas are; those of the fused engine are not.</remarks>
public sealed partial class RunReplay : IDisposable
{
    private readonly ReplayFiles _files;
    private readonly ReplayOptions _options;
    private readonly PreparedRun _prepared;
    private readonly ReplayPlan _plan;
    private readonly IReadOnlyList<(long From, int Shards)> _shards;
    private readonly Dictionary<CheckpointName, string> _damaged = [];
    private SingleProcessTrainer? _trainer;
    private int _shardCount;
    private CheckpointState? _before;

    private RunReplay(ReplayFiles files, ReplayOptions options)
    {
        (_files, _options) = (files, options);
        EnsureEngine(files.Spec);
        options.BeforeData?.Invoke(files.Spec, files.Born);
        _shards = files.Shards();
        _prepared = files.Open();
        _plan = new(files.Run.Id, _prepared.Spec, _prepared.Data, files.Fork);
    }

    /// <summary>Opens a run's directory and its data, and compares the data with what the run was born with.</summary>
    /// <param name="run">The run.</param>
    /// <param name="options">How it is computed again.</param>
    /// <exception cref="ReplayException">The run cannot be computed again; says why, and what to do.</exception>
    public static RunReplay Open(RunDirectory run, ReplayOptions options)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(options);
        return new(ReplayFiles.Read(run, options), options);
    }

    /// <summary>The run.</summary>
    public RunDirectory Run => _files.Run;

    /// <summary>Its spec, every size known.</summary>
    public RunSpec Spec => _prepared.Spec;

    /// <summary>Its spec with as many shards as the state reached has.</summary>
    public RunSpec TrainedSpec => Spec with { Train = Spec.Train with { Shards = _shardCount } };

    /// <summary>Its data.</summary>
    public IDataSource Data => _prepared.Data;

    /// <summary>The data that it was born with.</summary>
    public RunData Born => _files.Born;

    /// <summary>Whether it began with a state of another run.</summary>
    internal bool IsFork => _files.Fork is not null;

    /// <summary>The first state that it had: 0, or the step at which it continues another run.</summary>
    public long FirstStep => _plan.FirstStep;

    /// <summary>The state reached. Changes when a step is computed; another object when <see cref="To"/> goes back.</summary>
    /// <exception cref="InvalidOperationException">Nothing was computed yet.</exception>
    public TrainingState State => Trainer.State;

    /// <summary>The chunk that comes next.</summary>
    /// <exception cref="InvalidOperationException">Nothing was computed yet.</exception>
    public StepPosition Next => Trainer.Next;

    /// <summary>Whether there is a state reached: false until one is computed, or begun with.</summary>
    public bool HasState => _trainer is not null;

    /// <summary>Whether an epoch's end is computed, which evaluates what is held out; stays true where that was cancelled.</summary>
    public bool IsEvaluating { get; private set; }

    /// <summary>The checkpoint that the state reached was computed from; null for the run's first state.</summary>
    public CheckpointName? From { get; private set; }

    /// <summary>The checkpoints of the run, whole or not, the lowest step first.</summary>
    public IReadOnlyList<CheckpointName> Checkpoints => _files.Checkpoints();

    /// <summary>Checkpoints that were passed over because they are not whole, each with what is wrong with it.</summary>
    public IReadOnlyList<string> PassedOver => [.. _damaged.Select(one => $"checkpoint {one.Key}: {one.Value}")];

    /// <summary>Time steps, summed over lanes, that the state reached was trained on.</summary>
    public long SequenceSteps { get; private set; }

    /// <summary>Chunks of an epoch, which is counted from 0.</summary>
    public long ChunksOf(int epoch) => _plan.ChunksOf(epoch);

    private SingleProcessTrainer Trainer => _trainer ?? throw new InvalidOperationException("found no state, expected one: call To first");

    /// <summary>Goes to the first state of the run, whatever checkpoints there are.</summary>
    /// <exception cref="ReplayException">The run continues another one, whose checkpoint is not whole.</exception>
    public void Begin()
    {
        if (_files.Fork is { } fork)
            throw new ReplayException(ReplayFiles.NoBirth(Run.Id, fork));
        (From, _before, SequenceSteps) = (null, null, 0);
        if (Spec.Extends is { } extends)
        {
            var end = _files.Parent(extends).Snapshot;
            Restart(spec =>
            {
                var state = TrainingState.Empty(spec);
                state.Continue(end, _prepared.ContinuedLanes);
                return state;
            }, new(extends.Step, 0, 0));
        }
        else
        {
            Restart(spec => new(spec), default);
        }
    }

    /// <summary>Goes to the state of a checkpoint.</summary>
    /// <exception cref="ReplayException">It is not whole, or it is not a state that can be computed further here; says why.</exception>
    public void Begin(CheckpointName name)
    {
        if (!TryRead(name, out var restored, out string? problem))
            throw new ReplayException($"checkpoint {name} of run {Run.Id}: {problem}; put it back, or begin with another one");
        Begin(restored!);
    }

    /// <summary>Computes S(N), from the nearest whole checkpoint before it or from the state reached, whichever is nearer.</summary>
    /// <param name="step">N, the committed steps.</param>
    /// <param name="end">Which state is meant where N is an epoch's last step.</param>
    /// <param name="onStep">Called after each step that is computed on the way.</param>
    /// <param name="cancellation">Looked at before each step, and before each chunk that is evaluated at an epoch's end.</param>
    /// <exception cref="ReplayException">The run has no such state, or it cannot be computed; says why, and what to do.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; the state reached stays.</exception>
    public void To(long step, EpochEnd end = EpochEnd.Any, Action<ReplayedStep>? onStep = null, CancellationToken cancellation = default)
    {
        // A fork has the state of the best epoch before it, where that is its model.
        if (Checkpoints.All(name => name.Step != step))
            _plan.EnsureOwn(step);
        GoNear(step, end, computes: false);
        Continue(step, end, onStep, cancellation);
    }

    /// <summary>
    /// As <see cref="To"/>, and computes the step itself even where a checkpoint holds S(N): what it gives is compared with what the run
    /// published. Of the first state there is nothing to compute.
    /// </summary>
    /// <inheritdoc cref="To"/>
    public void Recompute(
        long step, EpochEnd end = EpochEnd.Any, Action<ReplayedStep>? onStep = null, CancellationToken cancellation = default)
    {
        _plan.EnsureOwn(step);
        GoNear(step, end, computes: step > FirstStep);
        Continue(step, end, onStep, cancellation);
    }

    /// <summary>Computes S(N) from the state reached, whatever checkpoints there are between: every step is computed.</summary>
    /// <inheritdoc cref="To"/>
    /// <exception cref="InvalidOperationException">Nothing was begun, or the state reached is behind the step.</exception>
    public void Continue(
        long step, EpochEnd end = EpochEnd.Any, Action<ReplayedStep>? onStep = null, CancellationToken cancellation = default)
    {
        if (Next.Step > step)
            throw new InvalidOperationException($"found step {Next.Step}, expected at most {step}");
        _plan.EnsureState(step, Next);
        while (Next.Step < step)
            Advance(onStep, cancellation);
        if (end == EpochEnd.After && Trainer.IsAtEpochEnd && Next.Epoch < Spec.Train.Epochs)
            FinishEpoch(cancellation);
    }

    /// <summary>
    /// What the run would leave as its model if it ended at the state reached, by <c>train.output</c>. Where it leaves the best epoch, and
    /// that is before the checkpoint that was begun with, that epoch's end is computed again.
    /// </summary>
    /// <exception cref="ReplayException">The best epoch's end cannot be computed.</exception>
    public RunOutput Output()
    {
        if (Trainer.BestWasBefore is not { } best)
            return Trainer.Output;
        using var replay = new RunReplay(_files, _options);
        foreach (var name in Checkpoints.Where(name => name.Step == EndOf(best)))
        {
            if (replay.TryRead(name, out var restored, out _) && restored!.State is { Chunk: 0 } && restored.State.Epoch == best + 1)
                return restored.Snapshot.Output(TrainedSpec.Train);
        }

        replay.To(EndOf(best), EpochEnd.After);
        return RunOutput.Of(replay.State).Copy();
    }

    /// <summary>What the run recorded of the epochs that are finished at the state reached.</summary>
    public ReplayedFigures Figures() => ReplayedFigures.Of(Run, _before, State.Losses);

    /// <summary>Steps that the run has published and its journal has: of a range, in order.</summary>
    /// <param name="from">The first step, from 1.</param>
    /// <param name="to">The last step.</param>
    /// <exception cref="IOException">The journal cannot be read, or lacks events that may be those of the range.</exception>
    public IReadOnlyList<StepCommitted> Published(long from, long to) =>
        PublishedSteps.Between(Run, from, to);

    /// <summary>The step with which an epoch, counted from 0, ends.</summary>
    public long EndOf(int epoch) => _plan.EndOf(epoch);

    /// <inheritdoc/>
    public void Dispose()
    {
        _trainer?.Dispose();
        _prepared.Dispose();
    }

    private int ShardsAt(long step) => _shards.Last(one => one.From <= step || one == _shards[0]).Shards;

    /// <summary>
    /// Makes ready for the next step: ends the epoch whose chunks are all trained on, and has as many shards as the step has.
    /// </summary>
    /// <returns>False where the run's last epoch is at its end.</returns>
    internal bool Prepare()
    {
        while (Trainer.IsAtEpochEnd && Next.Epoch < Spec.Train.Epochs)
            FinishEpoch(CancellationToken.None);
        if (Next.Epoch >= Spec.Train.Epochs)
            return false;
        FollowShards();
        return true;
    }

    /// <summary>Computes the next step, or the next round of local steps; to be prepared for.</summary>
    /// <exception cref="ReplayException">The run diverges there.</exception>
    internal IReadOnlyList<ReplayedStep> ComputeNext(CancellationToken cancellation)
    {
        var steps = new List<ReplayedStep>();
        Advance(steps.Add, cancellation);
        return steps;
    }

    /// <summary>
    /// A network of the kind that the run is computed with. Shards are computed at the same time: further threads of each would be in the
    /// way of the others.
    /// </summary>
    internal IReplica OpenReplica(RunSpec spec) => _options.Open?.Invoke(spec)
        ?? Engine.Open(spec with { Train = spec.Train with { Threads = 1 } }, DeviceName.Cpu);

    private void FollowShards()
    {
        if (ShardsAt(Next.Step) == _shardCount)
            return;
        var snapshot = new TrainingSnapshot(TrainedSpec);
        State.CopyTo(snapshot);
        Restart(spec => Restored(spec, snapshot), Next);
    }

    private void Advance(Action<ReplayedStep>? onStep, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Trainer.IsAtEpochEnd)
        {
            FinishEpoch(cancellation);
            return;
        }

        FollowShards();
        var at = Next;
        var outcome = Trainer.Advance();
        if (outcome is StepOutcome.Diverged diverged)
            throw new ReplayException($"run {Run.Id} has no state after step {at.Step}: it diverges there ({diverged.Message})");
        var steps = SingleProcessTrainer.StepsOf(outcome);
        SequenceSteps += TrainedSteps.Of(Spec, Data.Shape, _plan.Of(at.Epoch), at.Chunk, steps);
        for (int i = 0; i < steps.Count && onStep is not null; i++)
        {
            onStep(new(
                at with { Step = at.Step + i, Chunk = at.Chunk + i }, steps[i], i == steps.Count - 1 ? State : null));
        }
    }

    private void FinishEpoch(CancellationToken cancellation)
    {
        if (State.FindNotFinite() is { } found)
            throw new ReplayException($"run {Run.Id} has no state after step {Next.Step}: it diverges there ({found})");
        IsEvaluating = true;
        Trainer.FinishEpoch(cancellation);
        IsEvaluating = false;
    }
}
