using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Store.Checkpoints;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>What a coordinator works with on its silo.</summary>
internal sealed record RunServices(
    RunStore Store, CheckpointStore Checkpoints, RunDataCache Data, IGrainFactory Grains, ClusterView Cluster, MembershipWatch Membership,
    SiloOccupants Occupants, TimeProvider Time, ILoggerFactory Loggers);
