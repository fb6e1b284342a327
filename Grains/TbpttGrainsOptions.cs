using Orleans.GrainDirectory;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Custom;

namespace Orleans.Tbptt.Grains;

/// <summary>What the grains need to know of their silo.</summary>
public sealed class TbpttGrainsOptions
{
    /// <summary>The most trainers of a silo.</summary>
    public const int MaxSlots = 1024;

    /// <summary>
    /// The run store: the directory that holds one directory for each run. Shared by all silos of a cluster. Default <c>runs</c>.
    /// </summary>
    public string RunsDirectory { get; set; } = "runs";

    /// <summary>
    /// Where the cluster keeps the places of runs' grains: the same for all silos, and such that it outlives any of them. Null, the
    /// default, for a silo that is the only one of its cluster; a second one then refuses to start.
    /// </summary>
    public IGrainDirectory? GrainDirectory { get; set; }

    /// <summary>The device this silo offers to runs whose spec says <c>auto</c>. Default <see cref="DeviceName.Auto"/>.</summary>
    public DeviceName Device { get; set; } = DeviceName.Auto;

    /// <summary>How many trainers this silo takes; with 0 it holds coordinators only. Default: one for each core.</summary>
    public int Slots { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// What this program adds to the choices of a spec: sources, losses, cells. Every silo of the cluster adds the same; a silo that
    /// lacks one refuses the specs that name it.
    /// </summary>
    public CustomChoices Choices { get; } = new();

    /// <summary>The directories that data may lie in, as absolute paths. Empty, the default: anywhere.</summary>
    public IReadOnlyList<string> DataRoots { get; set; } = [];

    /// <summary>
    /// Whether steps take the short ways: trainers on their coordinator's silo are called directly, those on other silos over channels of
    /// their own, at a free port of the silo's address. Otherwise, and where there is no channel to be had, they go as Orleans' messages.
    /// Default true.
    /// </summary>
    public bool DirectSteps { get; set; } = true;

    /// <summary>The time between two looks at a file that a run follows while it waits for rows. Default a second.</summary>
    public TimeSpan FollowPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The time between two looks of a run that scales itself (<c>train.autoscale</c>) at the slots. Default a second.</summary>
    public TimeSpan ScalePeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How the silo serves models.</summary>
    public ServeOptions Serve { get; set; } = new();
}
