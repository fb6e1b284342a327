using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;

namespace Orleans.Tbptt.Client.Attach;

/// <summary><c>tbptt attach</c>: shows a run that somebody else submitted.</summary>
internal static class AttachCommand
{
    /// <summary>Watches, and returns the exit code of the run's outcome.</summary>
    /// <exception cref="ClientException">There is no such run, or no silo of it is alive, or it cannot be reached any more.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, OutputMode mode, bool fromNow)
    {
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        if (run.Cluster is not null || !run.Known.Status.HasEnded)
            return await AttachedRun.WatchAsync(context, run, mode, fromNow);
        RunViews.Spoken(context.Terminal, mode).WriteLine($"{Outcome.Line(run.Known.Status)}; more with: {run.Command("show")}");
        return ExitCode.Of(run.Known.Status.State);
    }
}
