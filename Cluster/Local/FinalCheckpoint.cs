using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Local;

/// <summary>The checkpoint that a local run writes when it is stopped.</summary>
public static class FinalCheckpoint
{
    /// <summary>What a slow disk writes, in bytes per second.</summary>
    private const double SlowDisk = 25e6;

    /// <summary>Parameters and two means per parameter, as Adam keeps, in float32.</summary>
    private const int BytesPerParameter = 3 * sizeof(float);

    /// <summary>
    /// How long writing it may take on a slow disk: who ends the silos waits so much longer. A model of 100,000 parameters has 0.05 s, one
    /// of 250 million two minutes.
    /// </summary>
    /// <param name="status">The run's last written status; null where there is none, and nothing to save.</param>
    public static TimeSpan Allowance(RunStatus? status) =>
        TimeSpan.FromSeconds((status?.Parameters ?? 0) * BytesPerParameter / SlowDisk);
}
