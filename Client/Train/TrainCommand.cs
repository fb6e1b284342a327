using System.Security.Cryptography;
using Orleans.Tbptt.Client.Attach;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Submit;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Train;

/// <summary><c>tbptt train</c>: trains on local silos, or on an existing cluster.</summary>
internal static class TrainCommand
{
    /// <summary>Trains, and returns the exit code.</summary>
    /// <exception cref="SpecException">The spec or its data have problems; nothing was started.</exception>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public static Task<int> RunAsync(ConsoleContext context, TrainRequest request) => request.Cluster.IsNamed
        ? OnClusterAsync(context, request, context.Checker.Read(request.Spec, request.Sets))
        : OnLocalSilosAsync(context, request, context.Checker.Check(request.Spec, request.Sets));

    /// <summary>Trains on local silos.</summary>
    /// <param name="context">The console.</param>
    /// <param name="request">Says how.</param>
    /// <param name="spec">What is trained.</param>
    public static Task<int> OnLocalSilosAsync(ConsoleContext context, TrainRequest request, CheckedSpec spec)
    {
        DeviceCheck.Check(context.CountGpus, spec.Document, spec.Spec);
        var run = request.Id ?? RunId.Create(spec.Spec.Name, context.Time.GetUtcNow(), RandomNumberGenerator.GetInt32(1 << 16));
        RefuseTaken(request, run);
        var plan = new ClusterPlan(Path.GetFullPath(request.Cluster.Runs), run, request.Silos, request.Detach) { Telemetry = request.Detach
            ? null : context.TelemetryOfSilos };
        var training = new LocalTraining(context, plan, request.Output, SubmitAsync, request.Cluster.Options);
        return request.Detach ? training.DetachAsync() : training.RunAsync();

        Task SubmitAsync(IRunService runs) => new Submission(runs, "the cluster", context.Time, context.Limits)
            .SendAsync(new(run, spec.Document.Written, 0, ProtocolVersion.Current), spec.Document, CancellationToken.None);
    }

    /// <summary>Refuses the ID of a run that there is.</summary>
    /// <exception cref="ClientException">There is one.</exception>
    public static void RefuseTaken(TrainRequest request, RunId run)
    {
        if (Directory.Exists(new RunDirectory(request.Cluster.Runs, run).Path))
        {
            throw new ClientException(
                $"--id: found run {run} in {request.Cluster.Runs}, expected an ID that no run has; name another, or continue that " +
                "run with: "
                + $"tbptt resume {run}{request.Cluster.Options}", ExitCode.BadSpec);
        }
    }

    /// <summary>Trains on an existing cluster.</summary>
    /// <param name="context">The console.</param>
    /// <param name="request">Says on which.</param>
    /// <param name="document">What is trained.</param>
    public static async Task<int> OnClusterAsync(ConsoleContext context, TrainRequest request, SpecDocument document)
    {
        var options = new SubmitOptions { Spec = request.Spec, Sets = request.Sets, Cluster = request.Cluster, Id = request.Id };
        var cluster = await context.Clusters.OpenAsync(request.Cluster, CancellationToken.None);
        var (run, _) = await SubmitCommand.SendAsync(context, cluster, document, options, CancellationToken.None);
        await using (run)
        {
            // Printed at once, because the run continues whatever happens to this console.
            RunViews.Messages(context.Terminal, request.Output)
                .WriteLine($"submitted; Ctrl-C detaches, attach again with: {run.Command("attach")}");
            return await AttachedRun.WatchAsync(context, run, request.Output, fromNow: false);
        }
    }
}
