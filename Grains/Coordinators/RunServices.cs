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
    public ActiveRun Launch(RunStatus status, RunSpec spec) => new(this, spec, status);
}
