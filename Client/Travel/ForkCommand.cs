using System.Security.Cryptography;
using Orleans.Tbptt.Client.Attach;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Submit;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Client.Travel;

/// <summary>
/// <c>tbptt fork</c>: a new run that begins with any state of another one, the parent, with some keys of its spec changed.
/// </summary>
internal static class ForkCommand
{
    /// <summary>Trains the new run, and returns the exit code.</summary>
    /// <param name="context">The console.</param>
    /// <param name="parent">The parent: its ID, or any unambiguous part of it.</param>
    /// <param name="step">The committed steps of the state.</param>
    /// <param name="request">How the new run is trained.</param>
    /// <exception cref="ClientException">There is no such run or state.</exception>
    /// <exception cref="SpecException">The spec cannot be changed so; nothing was started.</exception>
    public static Task<int> RunAsync(ConsoleContext context, string parent, long step, TrainRequest request) => request.Cluster.IsNamed
        ? OnClusterAsync(context, parent, step, request) : OnLocalSilosAsync(context, parent, step, request);

    private static Task<int> OnLocalSilosAsync(ConsoleContext context, string name, long step, TrainRequest request)
    {
        var parent = new RunFiles(request.Cluster.Runs, context.Time).Find(name);
        var directory = parent.Directory;
        if (!File.Exists(directory.Spec))
            throw new ClientException($"found no {directory.Spec}, expected the run's spec; put it back", ExitCode.Failed);
        if (step > parent.Status.Step)
        {
            throw new ClientException(
                $"--at: found {step}, expected 0 to {parent.Status.Step}, the steps that run {directory.Id} has made", ExitCode.Failed);
        }

        var text = new SpecText(File.ReadAllText(directory.Spec), directory.Spec, directory.Path) { Sets = request.Sets };
        var document = ForkRevision.Read(text, SpecLoader.Reader);
        var spec = document.Spec ?? throw new SpecException(document.Problems);
        DeviceCheck.Check(context.CountGpus, document, spec);
        var run = IdOf(context, spec.Name, request);
        TrainCommand.RefuseTaken(request, run);
        var fork = new ForkRequest(run, directory.Id, step, request.Sets, 0, ProtocolVersion.Current);
        Announce(context, request, fork);
        var plan = new ClusterPlan(Path.GetFullPath(request.Cluster.Runs), run, request.Silos, request.Detach)
        {
            Telemetry = request.Detach ? null : context.TelemetryOfSilos,
        };
        var training = new LocalTraining(context, plan, request.Output, ForkAsync, request.Cluster.Options);
        return request.Detach ? training.DetachAsync() : training.RunAsync();

        Task ForkAsync(IRunService runs) =>
            new Submission(runs, "the cluster", context.Time, context.Limits).SendAsync(fork, CancellationToken.None);
    }

    private static async Task<int> OnClusterAsync(ConsoleContext context, string name, long step, TrainRequest request)
    {
        await using var parent = await context.Clusters.FindAsync(request.Cluster, name, CancellationToken.None);
        var run = IdOf(context, parent.Info.Status.Name, request);
        var fork = new ForkRequest(run, parent.Id, step, request.Sets, 0, ProtocolVersion.Current);
        Announce(context, request, fork);
        var cluster = await context.Clusters.OpenAsync(request.Cluster, CancellationToken.None);
        try
        {
            var reply = await new Submission(cluster.Runs, cluster.Name, context.Time, context.Limits)
                .SendAsync(fork, CancellationToken.None);
            var now = context.Time.GetUtcNow();
            var status = new RunStatus
            {
                Id = run.Text, Name = parent.Info.Status.Name, State = RunState.Starting, Epochs = parent.Info.Status.Epochs,
                Directory = reply.Directory, SubmittedAt = now, UpdatedAt = now,
            };
            var child = new FoundRun(RunInfo.Of(status, now), cluster, request.Cluster);
            RunViews.Messages(context.Terminal, request.Output)
                .WriteLine($"submitted; Ctrl-C detaches, attach again with: {child.Command("attach")}");
            return await AttachedRun.WatchAsync(context, child, request.Output, fromNow: false);
        }
        finally
        {
            await cluster.DisposeAsync();
        }
    }

    private static RunId IdOf(ConsoleContext context, string name, TrainRequest request) =>
        request.Id ?? RunId.Create(name, context.Time.GetUtcNow(), RandomNumberGenerator.GetInt32(1 << 16));

    private static void Announce(ConsoleContext context, TrainRequest request, ForkRequest fork) =>
        RunViews.Messages(context.Terminal, request.Output).WriteLine(Text.OneLine(
            $"forks    {new RunFork(fork.Parent.Text, fork.Step, fork.Sets)}, as run {fork.Run}; its state is computed again first"));
}
