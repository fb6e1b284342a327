using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Control;

/// <summary><c>tbptt pause</c>: saves a run's state and frees its slots.</summary>
internal static class PauseCommand
{
    /// <summary>Pauses the run, and prints the command that continues it.</summary>
    /// <exception cref="ClientException">There is no such run, it cannot be paused in its state, or no silo that trains it can be
    /// reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name)
    {
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        var output = context.Terminal.Out;
        var status = run.Info.Status;
        if (run.Cluster is null && status.HasEnded)
            throw new ClientException($"run {run.Id} cannot be paused: {Outcome.Line(status)}", ExitCode.Failed);

        // A paused run without silos is still paused.
        if (run.Cluster is not null || status.State != RunState.Paused)
            status = await new RunControl(context, run).PauseAsync("paused by 'tbptt pause'");
        output.WriteLine($"{Text.State(status.State)} at step {Text.Count(status.Step)}");
        output.WriteLine($"resume with: {run.Command("resume")}");
        return ExitCode.Completed;
    }
}
