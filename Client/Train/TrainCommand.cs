using System.Security.Cryptography;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Train;

/// <summary><c>tbptt train</c>: check, start silos, submit, watch, end the silos, sum up.</summary>
/// <param name="checker">Reads the spec.</param>
/// <param name="launcher">Starts the cluster.</param>
/// <param name="terminal">Where to write.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">How patient to be with the cluster.</param>
internal sealed class TrainCommand(ISpecChecker checker, IClusterLauncher launcher, Terminal terminal, TimeProvider time, WatchLimits limits)
{
    /// <summary>Trains, and returns the exit code.</summary>
    /// <exception cref="SpecException">The spec or its data are not fit; nothing was started.</exception>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public async Task<int> RunAsync(TrainRequest request, Interruption interruption)
    {
        var spec = checker.Check(request.Spec, request.Sets);
        string runs = Path.GetFullPath(request.Runs);
        var run = RunId.Create(spec.Spec.Name, time.GetUtcNow(), RandomNumberGenerator.GetInt32(1 << 16));
        var plan = new ClusterPlan(runs, run, request.Silos, request.Detach);
        var view = new RunSummary(View(request, run));
        // From here on there are silos to be ended; until here a signal may do what it does by default.
        interruption.Listen();
        try
        {
            if (request.Detach)
                return await DetachAsync(plan, spec, view, request.Output, interruption);
            int code = await view.ShowAsync(async () =>
            {
                await using var cluster = await LaunchAsync(plan, view, interruption);
                interruption.AtOnce = cluster.Kill;
                using var ended = new CancellationTokenSource();
                var reader = new ReaderWatch(terminal.HasLostItsReader, time).WatchAsync(interruption, ended.Token);
                try
                {
                    return await new WatchedTraining(cluster, plan, spec, time, limits).RunAsync(view, interruption);
                }
                finally
                {
                    await ended.CancelAsync();
                    await reader;
                }
            });
            view.Write(SpokenOutput(request.Output), plan.Directory);
            return code;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            // Before the run was submitted: there is nothing to sum up.
            return interruption.ExitCode;
        }
        finally
        {
            interruption.AtOnce = null;
            RemoveIfNothingHappened(plan);
        }
    }

    private async Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, RunSummary view, Interruption interruption)
    {
        try
        {
            return await launcher.LaunchAsync(plan, view.OnNotice, interruption.Token);
        }
        catch (Exception exception) when (interruption.Token.IsCancellationRequested)
        {
            // A terminal's Ctrl-C ends silos that do not listen yet: that they failed is not the news.
            throw new OperationCanceledException("interrupted while the cluster was started", exception, interruption.Token);
        }
    }

    private async Task<int> DetachAsync(ClusterPlan plan, CheckedSpec spec, RunSummary view, OutputMode mode, Interruption interruption)
    {
        await using var cluster = await LaunchAsync(plan, view, interruption);
        interruption.AtOnce = cluster.Kill;
        var training = new WatchedTraining(cluster, plan, spec, time, limits);
        if (await training.StartDetachedAsync(view, interruption) is { } ended)
            return ended;
        var output = SpokenOutput(mode);
        string pids = string.Join(' ', cluster.Pids);
        output.WriteLine($"run    {plan.Run}");
        output.WriteLine($"silos  {pids}");
        output.WriteLine($"logs   {plan.Directory.Logs}");
        output.WriteLine($"watch  tbptt show {plan.Run} --runs {plan.Runs}");
        output.WriteLine($"end    kill {pids}");
        return ExitCode.Completed;
    }

    /// <summary>Where words for people go: not among the lines of JSON.</summary>
    private TextWriter SpokenOutput(OutputMode mode) => mode == OutputMode.Json ? terminal.Error : terminal.Out;

    private IRunView View(TrainRequest request, RunId run)
    {
        switch (request.Output)
        {
            case OutputMode.Json:
                return new JsonView(terminal.Out, terminal.Error);
            case OutputMode.Live when terminal.Live is null:
                terminal.Error.WriteLine("tbptt: standard output is not a terminal that can be drawn on; using --output plain");
                break;
            case OutputMode.Live or OutputMode.Auto when terminal.Live is { } console && !request.Detach:
                return new LiveView(console, run.Text, time);
        }

        return new PlainView(terminal.Out, time);
    }

    /// <summary>A refused run, or one that was never submitted, leaves no directory; one with logs that say why does.</summary>
    private static void RemoveIfNothingHappened(ClusterPlan plan)
    {
        try
        {
            Directory.Delete(plan.Directory.Logs);
            Directory.Delete(plan.Directory.Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not empty: something happened.
        }
    }
}
