using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Client.Control;

/// <summary><c>tbptt resize</c>: changes the number of a run's trainers while it is trained.</summary>
internal static class ResizeCommand
{
    /// <summary>Resizes the run, and prints how many trainers it has.</summary>
    /// <exception cref="ClientException">There is no such run, it cannot be resized in its state, or no silo that trains it can be
    /// reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection cluster, string name, int trainers)
    {
        await using var run = await context.Clusters.FindAsync(cluster, name, CancellationToken.None);
        var status = run.Info.Status;
        if (run.Cluster is null && status.HasEnded)
            throw new ClientException($"run {run.Id} cannot be resized: {Outcome.Line(status)}", ExitCode.Failed);
        if (run.Cluster is null)
        {
            throw new ClientException(
                $"run {run.Id} cannot be resized: no silo trains it; continue it with: {run.Command("resume")} --trainers {trainers}",
                ExitCode.Failed);
        }

        var request = new ResizeRequest(trainers, "wanted by 'tbptt resize'", ProtocolVersion.Current);
        status = await new RunControl(context, run).ResizeAsync(request);
        context.Terminal.Out.WriteLine(
            $"run {run.Id} has {Text.Team(status.Trainers.Count, status.Shards)} after step {Text.Count(status.Step)}");
        return ExitCode.Completed;
    }
}
