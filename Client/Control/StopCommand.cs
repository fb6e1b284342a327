using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Sweeps;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Control;

/// <summary><c>tbptt stop</c>: ends a run at its last committed step.</summary>
internal static class StopCommand
{
    /// <summary>Stops the run, and prints how it ended.</summary>
    /// <exception cref="ClientException">There is no such run, or no silo that trains it can be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name)
    {
        if (await SweepVerbs.StopAsync(context, cluster, name) is { } stopped)
            return stopped;
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        var output = context.Terminal.Out;
        if (run.Info.Status.HasEnded && run.Cluster is null)
        {
            output.WriteLine($"already ended: {Outcome.Line(run.Info.Status)}");
            return ExitCode.Completed;
        }

        var status = await new RunControl(context, run).StopAsync("stopped by 'tbptt stop'");
        output.WriteLine(Outcome.Line(status));
        if (Outcome.IsResumable(status.State))
            output.WriteLine($"resume with: {run.Command("resume")}");
        return ExitCode.Completed;
    }
}
