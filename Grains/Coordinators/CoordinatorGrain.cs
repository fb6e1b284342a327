using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>The grain before a run's coordinator: starts it, answers watchers from its snapshot, stops it.</summary>
[PreferLocalPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed class CoordinatorGrain(RunServices services, LostRuns lost, RunStore store, TimeProvider time) : Grain, ICoordinatorGrain
{
    private const int LargestPage = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private ActiveRun? _active;
    private Task<RunStatus>? _ending;

    private RunDirectory Directory =>
        RunId.TryParse(this.GetPrimaryKeyString(), out var run) ? store.Of(run) : throw new RunNotFoundException(this.GetPrimaryKeyString());

    public Task Start(RunSpec spec)
    {
        if (_active is null && _ending is null && Written() is { HasEnded: false } status)
        {
            _active = services.Launch(status, spec);
            StayWhile(_active.Ended).Ignore();
        }

        return Task.CompletedTask;
    }

    public async Task<RunStatus> GetStatus() => _active is { } active ? active.Snapshot() : await Ended();

    public async Task<EventPage> ReadEvents(long after, int limit)
    {
        (after, limit) = (Math.Max(0, after), Math.Clamp(limit, 1, LargestPage));
        if (_active is { } active)
            return await active.Journal.Read(after, limit, Patience, time);
        if (!(await Ended()).HasEnded)
            await Task.Delay(Patience, time);
        string path = Directory.Metrics;
        return await Task.Run(() => JournalFile.Read(path, after, limit));
    }

    public async Task StopRun(string reason)
    {
        if (_active is { } active)
            await active.Stop(reason);
        else
            await Ended();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_active is { } active)
            await active.Stop("the coordinator's silo was shut down").WaitAsync(cancellationToken);
    }

    /// <summary>Keeps this activation, idle or not, until its run has ended; then it may go, and its events with it, when nobody asks any more.</summary>
    private async Task StayWhile(Task ended)
    {
        DelayDeactivation(Timeout.InfiniteTimeSpan);
        await ended;
        DelayDeactivation(TimeSpan.Zero);
    }

    private RunStatus Written() => Directory.ReadStatus() ?? throw new RunNotFoundException(this.GetPrimaryKeyString());

    /// <summary>
    /// The status of a run that this activation does not train. One that was never ended lost its coordinator together with its silo: that is its
    /// end, and it is written down.
    /// </summary>
    private async Task<RunStatus> Ended()
    {
        var status = Written();
        if (_ending is not { IsCompleted: false })
        {
            if (!lost.IsLost(status))
                return status;
            _ending = lost.End(status);
        }

        // Calls interleave here; a run is ended once.
        return await _ending;
    }
}
