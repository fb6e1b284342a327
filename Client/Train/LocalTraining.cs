using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client.Train;

/// <summary>A run on local silos: starts them, submits or resumes the run, shows it, ends the silos, prints a summary.</summary>
/// <param name="context">Services of the console.</param>
/// <param name="plan">The silos to start.</param>
/// <param name="mode">How to show the run.</param>
/// <param name="begin">Submits or resumes the run; throws where the cluster refuses it.</param>
/// <param name="options">Options that select the run store in other command lines, with a leading space.</param>
internal sealed class LocalTraining(ConsoleContext context, ClusterPlan plan, OutputMode mode, Func<IRunService, Task> begin,
    string options)
{
    /// <summary>Trains, and returns the exit code. In every case all silos have ended.</summary>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public Task<int> RunAsync() => InterruptibleAsync(async () =>
    {
        var interruption = context.Interruption;
        var view = new RunSummary(RunViews.Create(context.Terminal, context.EffectiveMode(mode), plan.Run, context.Time));
        int code = await view.ShowAsync(async () =>
        {
            await using var cluster = await Ticking.WhileAsync(view, context.Time, () => LaunchAsync(view));
            if (cluster.Page is { } page)
                view.OnNotice($"page {page}");
            return await ReaderWatch.RunWhileReadAsync(context, () => Watched(cluster).RunAsync(view, interruption));
        });
        view.Write(RunViews.Messages(context.Terminal, mode), plan.Directory, null, Command("resume"),
            interruption.Token.IsCancellationRequested);
        return code;
    });

    /// <summary>Starts the run, prints the commands for it, and leaves its silos running.</summary>
    /// <returns>The exit code of a run that ended at once, 0 otherwise.</returns>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public Task<int> DetachAsync() => InterruptibleAsync(async () =>
    {
        // A detached console shows no live screen.
        var view = new RunSummary(
            RunViews.Create(context.Terminal, mode == OutputMode.Json ? mode : OutputMode.Plain, plan.Run, context.Time));
        await using var cluster = await LaunchAsync(view);
        if (await Watched(cluster).StartDetachedAsync(view, context.Interruption) is { } ended)
            return ended;
        var output = RunViews.Messages(context.Terminal, mode);
        output.WriteLine($"run    {plan.Run}");
        output.WriteLine($"silos  {string.Join(' ', cluster.Pids)}");
        if (cluster.Page is { } page)
            output.WriteLine($"page   {page}");
        output.WriteLine($"logs   {Command("logs")}");
        output.WriteLine($"look   {Command("show")}");
        output.WriteLine($"watch  {Command("attach")}");
        output.WriteLine($"end    {Command("stop")}");
        return ExitCode.Completed;
    });

    private WatchedTraining Watched(ITrainingCluster cluster) => new(cluster, plan, begin, Command("resume"), context);

    private string Command(string verb) => $"tbptt {verb} {plan.Run}{options}";

    private async Task<int> InterruptibleAsync(Func<Task<int>> body)
    {
        // From here on there are silos to end; before, the default of a signal is right.
        context.Interruption.Listen();
        try
        {
            return await body();
        }
        catch (OperationCanceledException) when (context.Interruption.Token.IsCancellationRequested)
        {
            // Interrupted before the run was submitted: there is nothing to summarize.
            return context.Interruption.ExitCode;
        }
        finally
        {
            context.Interruption.AtOnce = null;
            RemoveUnusedDirectory();
        }
    }

    private Task<ITrainingCluster> LaunchAsync(RunSummary view) =>
        LocalLaunch.StartAsync(context, plan, view.OnPhase, view.OnNotice);

    /// <summary>Deletes the directory of a run that was refused or never submitted, unless it holds logs.</summary>
    private void RemoveUnusedDirectory()
    {
        try
        {
            Directory.Delete(plan.Directory.Logs);
            Directory.Delete(plan.Directory.Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not empty: it holds logs.
        }
    }
}
