using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Threads;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>
/// A run while it is trained here: from taking it over to its written end, or until somebody pauses it or another silo takes it over.
/// </summary>
internal sealed partial class ActiveRun
{
    /// <summary>Why a run waits whose coordinator's silo ends.</summary>
    internal const string SiloShutDown = "its coordinator's silo was shut down; waits for another silo";

    /// <summary>Why a run ends whose silos, started for it alone, all end.</summary>
    internal const string SilosShutDown = "stopped because all its silos were shut down";

    /// <summary>
    /// How long after the request to this silo the others are asked whether they stay: who ends all of a run's silos asks them at the same
    /// time, but not at the same instant. The run is trained meanwhile.
    /// </summary>
    private static readonly TimeSpan Together = TimeSpan.FromMilliseconds(300);

    /// <summary>How often silos are asked whether they stay.</summary>
    private const int Looks = 2;

    private readonly RunServices _services;
    private readonly RunStatus _status;
    private readonly ResumeRequest? _request;
    private RunTraining? _training;
    private string _notTaken = "";
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<Takeover?> _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins, on the scheduler of the grain that calls.</summary>
    /// <param name="services">What it works with.</param>
    /// <param name="status">The run's last written status.</param>
    /// <param name="request">How somebody wants it resumed; null when nobody asked.</param>
    /// <param name="control">What is wanted of it.</param>
    public ActiveRun(RunServices services, RunStatus status, ResumeRequest? request, RunControl control)
    {
        (_services, _status, _request, Control) = (services, status, request, control);
        _logger = services.Loggers.CreateLogger<ActiveRun>();
        Left = Run();
    }

    /// <summary>What is wanted of the run.</summary>
    public RunControl Control { get; }

    /// <summary>Completes, always without error, when the run is no longer trained here and that is written.</summary>
    public Task Left { get; }

    /// <summary>Whether the run could not be taken over: its directory cannot be read or written.</summary>
    public bool NotTaken => _taken.Task is { IsCompletedSuccessfully: true, Result: null };

    /// <summary>Whether a newer coordinator has the run.</summary>
    public bool Superseded { get; private set; }

    /// <summary>Completes when the run is taken over: null, or why it cannot continue.</summary>
    public async Task<string?> Taken() => await _taken.Task is { } takeover ? takeover.Problem
        : $"the run's directory cannot be read and written: {_notTaken}";

    /// <summary>The state of the run at this moment.</summary>
    public RunStatus Snapshot() => _taken.Task is { IsCompletedSuccessfully: true, Result: { } takeover } ? takeover.Progress.Snapshot()
        : _status;

    /// <summary>
    /// Events after a number; waits for the first one as long as <paramref name="patience"/> allows. Null when the run could not be taken
    /// over.
    /// </summary>
    public async Task<EventPage?> Read(long after, int limit, TimeSpan patience)
    {
        await ((Task)_taken.Task).WaitAsync(patience, _services.Time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (!_taken.Task.IsCompleted)
            return new([], after);
        return await _taken.Task is { } takeover ? await takeover.Progress.Journal.Read(after, limit, patience, _services.Time) : null;
    }

    /// <summary>Divides the run's shards among another number of trainers. Returns when they have them.</summary>
    /// <returns>Why they were not given them, in words; empty where they were.</returns>
    public async Task<string> Resize(int trainers, string reason)
    {
        if (await Taken() is { } problem)
            return problem;
        var takeover = (await _taken.Task)!;
        if (Control.Resizing is { Done.IsCompleted: false } before && before.Trainers != trainers)
            return RunControl.IsResizing(before);
        if (await new ResizeCheck(_services, takeover.Spec!, Snapshot()).FindProblem(trainers) is { } refusal)
            return refusal;
        var done = Control.Resize(trainers, reason).Done;
        await Task.WhenAny(done, Left);

        // From here on the trainers themselves say what the run holds.
        _services.Grains.GetGrain<ISlotQueueGrain>(0).Withdraw(takeover.Fence.Run).Ignore();
        return done.IsCompleted ? await done : $"the run was left meanwhile: it is {StateNames.Of(Snapshot().State)}";
    }

    /// <summary>Has the next step audited. Returns when one has been.</summary>
    /// <returns>Why none was, or not all of it, in words, empty where all of one was; and what came of it.</returns>
    public async Task<(string Problem, AuditedStep? Audited)> AuditNext()
    {
        if (await Taken() is { } problem)
            return (problem, null);
        var status = Snapshot();
        if (status.State != RunState.Running || status.Trainers.Count == 0)
            return ($"the run is {StateNames.Of(status.State)}, expected one that is trained; ask again when it is running", null);
        if (status.WaitsForRows)
            return (AuditWish.HasNoStep(status.Message), null);
        if (AuditFitness.FindProblem((await _taken.Task)!.Spec!, status.Trainers[0].Device) is { } unfit)
            return (unfit, null);
        var done = Control.Audit().Done;
        await Task.WhenAny(done, Left);
        return done.IsCompleted ? await done : ($"the run was left meanwhile: it is {StateNames.Of(Snapshot().State)}", null);
    }

    private async Task Run()
    {
        var run = RunId.Parse(_status.Id);

        // The catalog has opened the data, and lets go when this call has returned.
        using var held = _services.Data.Hold(run);

        // The grain's call returns first: nothing of a run's length is waited for in a call.
        await Task.Yield();
        using var telemetry = new RunTelemetry(_services.Instruments, _status, _services.Time, _logger);
        using var scope = _logger.OfRun(run);
        using var presence = _services.Occupants.Enter(run);
        using var left = new CancellationTokenSource();
        HandOverWhenTheSiloLeaves(left.Token).Ignore();
        using var worker = new WorkerThread($"coordinator {run}");
        try
        {
            _taken.SetResult(await worker.Run(() => Takeover.Begin(_services, _status, _request)));
        }
#pragma warning disable CA1031 // The store is out of reach; the supervisor of the run tries again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotTaken(e, run);
            _notTaken = e.Message;
            _taken.SetResult(null);
            await left.CancelAsync();
            return;
        }

        var takeover = (await _taken.Task)!;
        telemetry.OnTaken(takeover.Fence.Generation, takeover.Progress.Snapshot, takeover.Spec);
        try
        {
            var how = await TrainToTheEnd(takeover, telemetry, worker, held);
            await ReleaseLeftBehind(takeover, how.Leave);
            await Leave(takeover, how, telemetry);
        }
        catch (SupersededException)
        {
            Superseded = true;
            LogSuperseded(run, takeover.Fence.Generation);
        }
#pragma warning disable CA1031 // The disk is full or gone; watchers still learn the end from memory.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, run);
        }

        await takeover.Progress.Close();
        Superseded |= !takeover.Fence.IsInForce;
        await left.CancelAsync();
    }

    private async Task HandOverWhenTheSiloLeaves(CancellationToken left)
    {
        await _services.Occupants.Leaving.WaitAsync(left);
        if (IsOnItsOwnSilos && !await OtherSiloStays(left))
            Control.Stop(SilosShutDown);
        else
            Control.HandOver(SiloShutDown);
    }

    /// <summary>Whether the cluster was started for this run: none of its silos comes back by itself.</summary>
    private bool IsOnItsOwnSilos => _status.Cluster == _status.Id;

    /// <summary>A silo that is slow to answer is asked again. One that stays silent is taken for one that has left already.</summary>
    private async Task<bool> OtherSiloStays(CancellationToken left)
    {
        for (int look = 0; look < Looks; look++)
        {
            await Task.Delay(Together, _services.Time, left);
            if (await _services.Cluster.OtherStays() is { } stays)
                return stays;
        }

        return false;
    }

    private async Task Leave(Takeover takeover, (RunLeave Leave, string? Model) how, RunTelemetry telemetry)
    {
        var (progress, (state, message)) = (takeover.Progress, how.Leave);
        if (takeover.End is { } end)
        {
            progress.EndAs(end);
            return;
        }

        telemetry.OnLeft(state);
        if (state != RunState.Completed)
            LogLeft(progress.Run, state, message);
        if (state is RunState.Paused or RunState.Queued)
            await progress.Suspend(state, message);
        else
            await progress.Finish(state, message, how.Model);
    }

    private async Task<(RunLeave Leave, string? Model)> TrainToTheEnd(Takeover takeover, RunTelemetry telemetry, WorkerThread worker,
        IDisposable held)
    {
        if (takeover.End is { } end)
            return (new(end.State, end.Message), end.Model);
        if (takeover.Problem is { } problem)
            return (new(RunState.Failed, problem), null);
        try
        {
            // Before anything is opened: somebody may want the run's end and nothing else.
            Control.ThrowIfAsked();
            _training = new(_services, takeover, telemetry, worker, Control);
            var left = await _training.Run(held);
            await takeover.Progress.Settle();
            return (left, left.Model);
        }
        catch (RunLeftException e) when (e.Leave.State != RunState.Failed || _services.Cluster.IsMember)
        {
            return (e.Leave, e.Leave.State == RunState.Completed ? _services.Store.Of(takeover.Fence.Run).Model : e.Leave.Model);
        }
        catch (SupersededException)
        {
            throw;
        }
#pragma warning disable CA1031 // A run must end with its cause, whatever it is.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, takeover.Fence.Run);
            return (_services.Cluster.IsMember ? new(RunState.Failed, e.Message) : new(RunState.Queued, SiloShutDown), null);
        }
    }

    /// <summary>
    /// Trainers that were left for this coordinator, and that it has not reached, are let go where no coordinator takes the run over:
    /// nobody else would release them for minutes.
    /// </summary>
    private async Task ReleaseLeftBehind(Takeover takeover, RunLeave leave)
    {
        bool wereLeft = _status.State is RunState.Running or RunState.Starting;
        if (wereLeft && _training is not { HasTrainers: true } && leave.State != RunState.Queued)
            await RunTraining.ReleaseFormer(_services, takeover.Progress);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {Run} failed")]
    private partial void LogFailed(Exception exception, RunId run);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run} could not be taken over")]
    private partial void LogNotTaken(Exception exception, RunId run);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run} was taken over from this coordinator of generation {Generation}")]
    private partial void LogSuperseded(RunId run, int generation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run} is left as {State}: {Reason}")]
    private partial void LogLeft(RunId run, RunState state, string reason);
}
