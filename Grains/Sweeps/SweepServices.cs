using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Grains.Silos;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>What a sweep works with on its silo.</summary>
internal sealed record SweepServices(
    SweepStore Store, RunDataCache Data, DataRoots Roots, IGrainFactory Grains, ClusterView Cluster, SiloOccupants Occupants,
    TimeProvider Time, ILoggerFactory Loggers)
{
    /// <summary>The time between two looks at the runs that are trained.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMilliseconds(200);
}
