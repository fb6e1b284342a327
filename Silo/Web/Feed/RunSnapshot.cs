using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>The known state of a run at one moment.</summary>
/// <param name="Info">Its last status.</param>
/// <param name="History">Its history.</param>
/// <param name="Strip">The sampled activity of its trainers.</param>
/// <param name="SilentSince">Since when its coordinator has not answered; null while it does.</param>
internal sealed record RunSnapshot(RunInfo Info, RunHistory History, TrainerStrip Strip, DateTimeOffset? SilentSince)
{
    /// <summary>Its last status.</summary>
    public RunStatus Status => Info.Status;
}
