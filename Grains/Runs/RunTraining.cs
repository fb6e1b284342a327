using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>The training of a run that was taken over: opens data and state, waits for slots, trains, and puts everything away.</summary>
/// <param name="services">What it works with.</param>
/// <param name="takeover">The run.</param>
/// <param name="telemetry">Is notified of it.</param>
/// <param name="worker">The coordinator's thread.</param>
/// <param name="control">What is wanted of it.</param>
internal sealed class RunTraining(RunServices services, Takeover takeover, RunTelemetry telemetry, WorkerThread worker, RunControl control)
{
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan QueuePeriod = TimeSpan.FromMilliseconds(500);
    private readonly RunSpec _spec = takeover.Spec!;
    private readonly RunProgress _progress = takeover.Progress;
    private bool _handedOver;

    /// <summary>Whether it has reached its trainers: it lets them go itself then.</summary>
    public bool HasTrainers { get; private set; }

    /// <summary>Trains to the end.</summary>
    /// <param name="held">Keeps the run's data open until they are taken.</param>
    /// <returns>The run's end, with the model.</returns>
    /// <exception cref="RunLeftException">The run ended, was paused or goes elsewhere before its last epoch.</exception>
    public async Task<RunLeave> Run(IDisposable held)
    {
        var logger = services.Loggers.CreateLogger<RunTraining>();
        using var data = await worker.Run(Open);
        held.Dispose();
        _progress.Data ??= takeover.Data ?? data.Born;
        var state = await worker.Run(() => Restore(data));
        var lanes = LaneBlock.Split(_spec.Data.BatchSize, _spec.Train.ShardCount);
        var roster = new Roster(_progress.Run, lanes, _spec.Train.FirstTrainers, Former(), services.Grains)
        {
            Changed = telemetry.OnTrainer,
        };
        using var links = new TrainerLinks(services.Links, roster, _spec, new(state, _spec.Train));
        var reducer = new GradientReducer(new(state, _spec.Train, Buckets.Elements), worker, state.Parameters.Length, lanes);
        var trainers = new TrainerGroup(roster, links, reducer, services.Time, logger);
        var assigner = new TrainerAssigner(trainers, services.Cluster, _progress, _spec, data, takeover.Restored?.State.Device ?? "");
        if (_spec.Speculate == SpeculationKind.Auto)
            trainers.Speculator = new(assigner, roster, reducer, _progress, state, telemetry, logger);
        var recovery = new Recovery(assigner, _progress, control, services.Membership, telemetry, services.Time, logger);
        var at = takeover.Restored is { State: var saved } ? new RunCursor(saved.Epoch, saved.Chunk) : default;
        await using var checkpoints = new CheckpointKeeper(
            at, services.Checkpoints, _spec, data, _progress, () => assigner.DeviceKind, telemetry, worker);
        var resizer = new TrainerResizer(assigner, recovery, _progress, control, state);
        var auditor = new Auditor(_spec, assigner, roster, () => links.All, _progress, state, services.Membership, telemetry)
        {
            Control = control,
        };
        var parts = new StepParts(state, trainers, links, reducer, recovery, resizer, _progress, control, worker, auditor);
        var result = new RunResult(services, takeover, state, checkpoints, worker);
        var follower = Follows ? new RowFollower(services, _spec, data, parts, result.TryWriteCommitted) : null;
        var epochs = new EpochLoop(_spec, data, at, parts, _progress, result, telemetry, follower);
        _progress.Begin(
            _spec, () => roster.Status, new EpochPlans(_spec, data.Data).Training(Math.Min(at.Epoch, _spec.Train.Epochs - 1)).Steps,
            takeover.Restored?.Name.ToString(), takeover.PassedOver);
        if (takeover.Restored is { State.Shards: var former } && former != _spec.Train.ShardCount)
        {
            _progress.Warn($"the run continues in {_spec.Train.ShardCount} shards from a checkpoint of {former}: " + (_spec.Train.IsLocal
                ? "train.sync is local, each begins with the mean of the former shards' optimizer states, and the model will differ from "
                    + "theirs"
                : "the model will be that of the former shards within rounding, not to the bit"));
        }

        HasTrainers = true;
        using var left = new CancellationTokenSource();
        new TrainerKeeper(roster, services.TrainerIdle, services.Time).Keep(left.Token).Ignore();
        try
        {
            await Place(assigner, recovery, state);
            if (_spec.Train.Autoscale is not null)
                new RunScaler(services, _spec, _progress, control).Scale(left.Token).Ignore();
            var (message, output) = await epochs.Train();
            await checkpoints.Finish();
            return new(RunState.Completed, message) { Model = await worker.Run(() => result.Write(output)) };
        }
        catch (RunLeftException e)
        {
            _handedOver = e.Leave.State == RunState.Queued && services.Cluster.Active.Count > 1;
            if (e.Leave.State != RunState.Diverged)
                await epochs.Preserve();
            if (e.Leave.IsLimit && await result.Find() is { } found)
                throw new RunLeftException(e.Leave with { Model = await worker.Run(() => result.Write(found)) });
            if (Follows && e.Leave.State == RunState.Stopped)
                await worker.Run(result.TryWriteCommitted);
            throw;
        }
        finally
        {
            await left.CancelAsync();
            auditor.Release();
            trainers.Speculator?.Release();

            // The next coordinator finds the trainers alive.
            if (!_handedOver)
            {
                resizer.LetGo().Ignore();
                await Release(trainers);
            }
        }
    }

    /// <summary>Whether the run trains on rows as they are appended to its file.</summary>
    private bool Follows => _spec.Extends is { Follow: true };

    /// <summary>Opens the data, and holds them to those that the run was born with and that its checkpoint was trained on.</summary>
    /// <exception cref="RunLeftException">They are others; says which file, and how it differs.</exception>
    private RunDataLease Open()
    {
        RunDataLease data;
        try
        {
            data = services.Data.Acquire(_progress.Run, _spec, areFresh: Follows);
        }
        catch (SpecException error) when (takeover.Data is { } born && services.Data.FindChange(born.Files, _spec) is { } change)
        {
            throw new RunLeftException(RunState.Failed, $"{change}; {error.Message}");
        }

        try
        {
            var guard = new DataGuard(data);
            if (takeover.Data is { } born)
                guard.EnsureSame(born.Files);
            if (takeover.Restored is { } before)
                guard.EnsureSame(before.State.Data);
            if (takeover.Data is null)
                TakeOverFromFormerRelease(data);
            else if (Follows)
                _progress.Grow(data.Born);
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Writes down the data of a run that was begun by a release which did not.</summary>
    /// <exception cref="RunLeftException">That release standardised cells in another way: what follows would be nobody's bits.</exception>
    private void TakeOverFromFormerRelease(RunDataLease data)
    {
        if (takeover.Restored is not null && _spec.Data.Source is CsvSource { Standardize: true })
        {
            throw new RunLeftException(RunState.Failed,
                $"found no {services.Store.Of(_progress.Run).Data}, expected it with what was read of the CSV file: former releases did "
                + "not write it, and rounded cells before they standardised them, so that further steps would be on other numbers; "
                + "finish the run with that release, or begin it again with 'tbptt resume --from-start'; if somebody removed the file, "
                + "put it back");
        }

        services.Store.Write(data.Born, takeover.Fence);
    }

    /// <summary>The state that the run continues from: its newest checkpoint, or what it begins with.</summary>
    /// <exception cref="RunLeftException">The run extends another one, whose checkpoint is not whole; says why.</exception>
    private TrainingState Restore(RunDataLease data)
    {
        if (takeover.Restored is null && _spec.Extends is null)
            return new(_spec);
        var state = TrainingState.Empty(_spec);
        if (takeover.Restored is { } before)
            state.Restore(before.Snapshot);
        else
            state.Continue(services.Checkpoints.ReadParent(_spec.Extends!), data.ContinuedLanes);
        return state;
    }

    /// <summary>A new coordinator of the same trainers finds those that live; with other trainers there is nothing to find.</summary>
    private IReadOnlyList<TrainerStatus> Former()
    {
        var former = _progress.Snapshot().Trainers;
        if (former.Count == _spec.Train.FirstTrainers)
            return former;

        // Where the coordinator before this one was lost while it changed their number, they live on, and would keep their slots.
        ReleaseFormer(services, _progress).Ignore();
        return [.. former.Select(trainer => trainer with { Place = trainer.Place + 1 })];
    }

    private async Task Place(TrainerAssigner assigner, Recovery recovery, TrainingState state)
    {
        var queue = services.Grains.GetGrain<ISlotQueueGrain>(0);
        try
        {
            await WaitForSlots(queue, assigner);
            if (assigner.Count != _spec.Train.Trainers)
                await worker.Run(() => WriteTrainers(assigner.Count));
            if (assigner.Count < _spec.Train.FirstTrainers)
                _progress.Resize(state.Step, _spec.Train.FirstTrainers, assigner.Count, "no more slots are free", TimeSpan.Zero);
            using (telemetry.Spans.BeginPlacement())
                await recovery.PlaceAll(state);
        }
        catch (RunLeftException)
        {
            queue.Withdraw(_progress.Run).Ignore();
            throw;
        }

        // From here on the trainers themselves say what the run holds, and a run that ends soon leaves no slots kept for it.
        queue.Withdraw(_progress.Run).Ignore();
    }

    /// <summary>Where it cannot be written, a coordinator after this one asks for other slots: that is no reason to end the run.</summary>
    private void WriteTrainers(int trainers)
    {
        try
        {
            _progress.Divide(trainers);
        }
        catch (Exception e) when (e is (IOException and not SupersededException) or UnauthorizedAccessException)
        {
            _progress.Warn($"the run's spec cannot be written with {trainers} trainers: {e.Message}");
        }
    }

    private async Task WaitForSlots(ISlotQueueGrain queue, TrainerAssigner assigner)
    {
        var status = _progress.Snapshot();
        var request = new SlotRequest(_progress.Run, assigner.Count, status.Priority, status.SubmittedAt)
        {
            FurtherThreads = _spec.Train.Threads - 1,

            // Slots of silos without a GPU are of no use to tensor cores.
            Device = _spec.Train.UsesTensorCores ? _spec.ComputesOn : null, Kind = DeviceKinds.Bound(_spec, ""),
        };
        while (await control.OrLeave(Ask()) is { Granted: false } reply)
        {
            if (_spec.Train.Autoscale is { } scale && scale.Min < request.Trainers)
            {
                // Rather few trainers at once than all of them later: it takes further slots as they become free.
                request = request with { Trainers = scale.Min };
                assigner.Divide(scale.Min, []);
                continue;
            }

            telemetry.OnQueued();
            _progress.Queue(reply.Position, reply.Reason);
            await control.OrLeave(Task.Delay(QueuePeriod, services.Time));
        }

        async Task<SlotReply> Ask()
        {
            try
            {
                return await queue.Ask(request);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                return new(false, 0, $"waits for the queue of slots: {e.Message}");
            }
        }
    }

    /// <summary>Lets the trainers go that a coordinator before this one has left, where the run is left before it has begun here.</summary>
    public static Task ReleaseFormer(RunServices services, RunProgress progress) => Within(
        Task.WhenAll(progress.Snapshot().Trainers.Select(trainer =>
            services.Grains.GetGrain<ITrainerGrain>(trainer.Index, new TrainerPlace(progress.Run, trainer.Place).ToString())
                .Release(progress.Generation))),
        services.Time);

    private Task Release(TrainerGroup trainers) => Within(trainers.Release(_progress.Generation), services.Time);

    /// <summary>A trainer in the middle of a chunk lets go after it; the run's end does not wait for that.</summary>
    private static async Task Within(Task release, TimeProvider time) => await release.WaitAsync(ReleasePatience, time)
        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
