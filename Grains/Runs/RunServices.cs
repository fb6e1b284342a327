using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Grains.Trainers;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>What a coordinator works with on its silo.</summary>
internal sealed record RunServices(
    RunStore Store, CheckpointStore Checkpoints, RunDataCache Data, IGrainFactory Grains, ClusterView Cluster, MembershipWatch Membership,
    SiloOccupants Occupants, LinkServices Links, TrainingInstruments Instruments, TimeProvider Time, ILoggerFactory Loggers,
    IOptions<TbpttGrainsOptions> Options, IOptions<GrainCollectionOptions> Collection)
{
    private static readonly TimeSpan UsualIdle = new GrainCollectionOptions().CollectionAge;

    /// <summary>
    /// After so long without a message Orleans ends a trainer; not more than by default, because other silos may be configured otherwise.
    /// </summary>
    public TimeSpan TrainerIdle
    {
        get
        {
            var own = Collection.Value.ClassSpecificCollectionAge.GetValueOrDefault(
                typeof(TrainerGrain).FullName!, Collection.Value.CollectionAge);
            return own < UsualIdle ? own : UsualIdle;
        }
    }

    /// <summary>The time between two looks at a file that a run follows.</summary>
    public TimeSpan FollowPeriod => Options.Value.FollowPeriod;

    /// <summary>The time between two looks of a run that scales itself at the slots.</summary>
    public TimeSpan ScalePeriod => Options.Value.ScalePeriod;
}
