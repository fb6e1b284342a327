using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Sweeps;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Attach;

/// <summary><c>tbptt attach</c>: shows a run that another console submitted.</summary>
internal static class AttachCommand
{
    /// <summary>Shows the run until it ends, and returns the exit code of its outcome.</summary>
    /// <exception cref="ClientException">There is no such run, no silo of it is alive, or it can no longer be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, OutputMode mode, bool fromNow)
    {
        if (await SweepVerbs.AttachAsync(context, cluster, name, mode, fromNow) is { } attached)
            return attached;
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        if (run.Cluster is not null || !run.Info.Status.HasEnded)
            return await AttachedRun.WatchAsync(context, run, mode, fromNow);
        RunViews.Messages(context.Terminal, mode).WriteLine($"{Outcome.Line(run.Info.Status)}; more with: {run.Command("show")}");
        return ExitCode.Of(run.Info.Status.State);
    }
}
