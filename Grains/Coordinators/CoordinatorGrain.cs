using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>The grain before a run's coordinator: starts it, answers watchers from its snapshot, stops it.</summary>
[KeepAlive, PreferLocalPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed class CoordinatorGrain(RunServices services, RunStore store, TimeProvider time) : Grain, ICoordinatorGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private RunSession? _session;

    private RunId Run => RunId.Parse(this.GetPrimaryKeyString());

    public Task Start(RunSpec spec)
    {
        _session ??= services.Launch(Run, spec);
        return Task.CompletedTask;
    }

    public async Task<RunStatus> GetStatus() => _session is { } session ? session.Snapshot() : await Ended();

    public async Task<EventPage> ReadEvents(long after, int limit)
    {
        if (_session is { } session)
            return await session.Journal.Read(after, limit, Task.Delay(Patience, time));
        await Ended();
        return RunJournal.ReadFile(store.Of(Run).Metrics, after, limit);
    }

    public async Task StopRun(string reason)
    {
        if (_session is { } session)
            await session.Stop(reason);
        else
            await Ended();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_session is { } session)
            await session.Stop("the coordinator's silo was shut down");
    }

    /// <summary>
    /// The status of a run that this activation does not train. One that was never ended lost its coordinator together with its silo: that is its
    /// end, and it is written down.
    /// </summary>
    private async Task<RunStatus> Ended()
    {
        var status = store.Of(Run).ReadStatus() ?? throw new RunNotFoundException(Run.Text);
        return status.HasEnded ? status : await services.Bury(status);
    }
}
