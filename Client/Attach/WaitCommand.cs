using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Sweeps;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Attach;

/// <summary><c>tbptt wait</c>: for scripts.</summary>
internal static class WaitCommand
{
    /// <summary>Waits until the run ends, writes its outcome in one line, and returns the outcome's exit code.</summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="cluster">The run store and the cluster to search.</param>
    /// <param name="name">Run ID, or any unambiguous part of it.</param>
    /// <param name="timeout">How long to wait; null for no limit.</param>
    /// <exception cref="ClientException">There is no such run, or no silo of it is alive, it can no longer be reached, or the time is
    /// up.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, TimeSpan? timeout)
    {
        using var limit = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, context.Time);
        try
        {
            if (await SweepVerbs.WaitAsync(context, cluster, name, limit.Token) is { } waited)
                return waited;
            await using var run = await context.Clusters.FindAsync(cluster, name, limit.Token);
            var status = run.Info.Status;
            if (run.Cluster is not null || !status.HasEnded)
                status = await WatchAsync(context, run, limit.Token);
            context.Terminal.Out.WriteLine(Outcome.Line(status));
            return ExitCode.Of(status.State);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested)
        {
            throw new ClientException(
                $"run {Text.OneLine(name)} has not ended within {timeout!.Value.TotalSeconds:0.###} s", ExitCode.TimedOut, exception);
        }
    }

    private static async Task<RunStatus> WatchAsync(ConsoleContext context, FoundRun run, CancellationToken cancellation)
    {
        var watcher = new RunWatcher(run.Runs, run.Id, context.Time, context.Limits)
        {
            Recorded = () => run.HasFiles ? StatusFile.Read(run.Info.Directory) : null,
        };
        var view = new SilentView();
        await watcher.SkipAsync(view, cancellation);
        return await watcher.WatchAsync(view, cancellation);
    }
}
