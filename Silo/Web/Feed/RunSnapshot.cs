using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>A run as it is known at one moment.</summary>
/// <param name="Known">Its last status.</param>
/// <param name="Course">What its events add up to.</param>
/// <param name="Strip">What its trainers were seen doing.</param>
/// <param name="SilentSince">Since when its coordinator has not answered; null while it does.</param>
internal sealed record RunSnapshot(KnownRun Known, RunCourse Course, TrainerStrip Strip, DateTimeOffset? SilentSince)
{
    /// <summary>Its last status.</summary>
    public RunStatus Status => Known.Status;
}
