using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>What a coordinator works with on its silo.</summary>
internal sealed class RunServices(
    RunStore store, RunDataCache data, IGrainFactory grains, TrainerPlacement placement, TimeProvider time, ILoggerFactory loggers)
{
    public RunStore Store => store;

    public RunDataCache Data => data;

    public IGrainFactory Grains => grains;

    public TrainerPlacement Placement => placement;

    public TimeProvider Time => time;

    public ILoggerFactory Loggers => loggers;

    /// <summary>Begins to train a run whose directory is there.</summary>
    public RunSession Launch(RunId run, RunSpec spec) =>
        new(this, spec, store.Of(run).ReadStatus() ?? throw new Protocol.RunNotFoundException(run.Text));

    /// <summary>Writes the end of a run that lost its coordinator.</summary>
    public async Task<RunStatus> Bury(RunStatus status)
    {
        var run = RunId.Parse(status.Id);
        await using var journal = store.OpenJournal(run);
        var progress = new RunProgress(status, store, journal, time);
        progress.TakeGeneration();
        await progress.Finish(RunState.Failed, "the coordinator was lost together with its silo before the run ended", model: null);
        return progress.Snapshot();
    }
}
