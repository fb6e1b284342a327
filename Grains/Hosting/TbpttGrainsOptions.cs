using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains;

/// <summary>What the grains need to know of their silo.</summary>
public sealed class TbpttGrainsOptions
{
    /// <summary>The run store: the directory that holds one directory for each run. Shared by all silos of a cluster. Default <c>runs</c>.</summary>
    public string RunsDirectory { get; set; } = "runs";

    /// <summary>Where the cluster keeps the places of runs' grains. The same for all silos, outlives any of them. Required.</summary>
    public AdoNetGrainDirectory? GrainDirectory { get; set; }

    /// <summary>The device this silo offers to runs whose spec says <c>auto</c>. Default <see cref="DeviceName.Auto"/>.</summary>
    public DeviceName Device { get; set; } = DeviceName.Auto;
}
