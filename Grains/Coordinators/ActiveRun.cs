using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>A run while it is trained: from opening its data to its written end.</summary>
internal sealed partial class ActiveRun
{
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromMilliseconds(300);
    private readonly RunServices _services;
    private readonly RunSpec _spec;
    private readonly RunProgress _progress;
    private readonly ILogger _logger;
    private readonly StopSignal _stop = new();

    /// <summary>Begins to train, on the scheduler of the grain that calls.</summary>
    public ActiveRun(RunServices services, RunSpec spec, RunStatus status)
    {
        (_services, _spec) = (services, spec);
        _logger = services.Loggers.CreateLogger<ActiveRun>();
        _progress = new(status, services.Store, services.Time);
        Ended = Run();
    }

    /// <summary>Completes, always without error, when the run has ended and its end is written.</summary>
    public Task Ended { get; }

    /// <summary>The run's events.</summary>
    public RunJournal Journal => _progress.Journal;

    /// <summary>The state of the run at this moment.</summary>
    public RunStatus Snapshot() => _progress.Snapshot();

    /// <summary>Ends the run at its last committed step; returns when its end is written.</summary>
    public async Task Stop(string reason)
    {
        _stop.Ask(reason);
        await Ended;
    }

    private async Task Run()
    {
        // The grain's Start returns first: nothing of a run's length is waited for in a call.
        await Task.Yield();
        var (state, message, model) = await TrainToTheEnd();
        if (state != RunState.Completed)
            LogEnded(_progress.Run, state, message);
        try
        {
            await _progress.Finish(state, message, model);
        }
#pragma warning disable CA1031 // The disk is full or gone; watchers still learn the end from memory.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, _progress.Run);
        }

        await Journal.DisposeAsync();
    }

    private async Task<(RunState State, string Message, string? Model)> TrainToTheEnd()
    {
        try
        {
            string model = await Train();
            await _progress.Settle();
            return (RunState.Completed, "", model);
        }
        catch (RunEndedException e)
        {
            return (e.State, e.Message, null);
        }
#pragma warning disable CA1031 // A run must end with its cause, whatever it is.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, _progress.Run);
            return (RunState.Failed, e.Message, null);
        }
    }

    private async Task<string> Train()
    {
        var (run, grains) = (_progress.Run, _services.Grains);
        using var worker = new WorkerThread($"coordinator {run}");
        using var data = await worker.Run(() => _services.Data.Acquire(run, _spec));
        var trainers = new TrainerGroup(run, data.Spec, grains, _services.Placement, _logger);
        var coordinator = await worker.Run(() => new RunCoordinator(_progress, trainers, _services.Store, data, worker, _stop, _services.Time, _logger));
        try
        {
            return await coordinator.Train();
        }
        finally
        {
            // A trainer in the middle of a chunk lets go after it; the run's end does not wait for that.
            await coordinator.Release().WaitAsync(ReleasePatience, _services.Time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Run {Run} failed")]
    private partial void LogFailed(Exception exception, RunId run);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run} ended as {State}: {Reason}")]
    private partial void LogEnded(RunId run, RunState state, string reason);
}
