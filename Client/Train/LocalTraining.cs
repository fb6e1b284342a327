using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client.Train;

/// <summary>A run on silos that are started for it: start them, begin or resume the run, watch, end the silos, sum up.</summary>
/// <param name="context">What to work with.</param>
/// <param name="plan">The silos to start.</param>
/// <param name="mode">How to show the run.</param>
/// <param name="begin">Submits or resumes the run; throws where the cluster refuses it.</param>
/// <param name="options">Options that name the run store in other command lines, after a space.</param>
internal sealed class LocalTraining(ConsoleContext context, ClusterPlan plan, OutputMode mode, Func<IRunService, Task> begin, string options)
{
    /// <summary>Trains, and returns the exit code. However it goes, no silo is left.</summary>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public Task<int> RunAsync() => InterruptibleAsync(async () =>
    {
        var interruption = context.Interruption;
        var view = new RunSummary(RunViews.Create(context.Terminal, context.Shown(mode), plan.Run, context.Time));
        int code = await view.ShowAsync(async () =>
        {
            await using var cluster = await LaunchAsync(view);
            if (cluster.Page is { } page)
                view.OnNotice($"page {page}");
            return await ReaderWatch.WhileReadAsync(context, () => Watched(cluster).RunAsync(view, interruption));
        });
        view.Write(RunViews.Spoken(context.Terminal, mode), plan.Directory, null, Command("resume"));
        return code;
    });

    /// <summary>Starts the run, says how to get at it, and leaves the silos to themselves.</summary>
    /// <returns>The exit code of a run that ended at once, 0 otherwise.</returns>
    /// <exception cref="ClientException">The cluster cannot be started or reached.</exception>
    public Task<int> DetachAsync() => InterruptibleAsync(async () =>
    {
        // Nobody stays to follow a live screen.
        var view = new RunSummary(RunViews.Create(context.Terminal, mode == OutputMode.Json ? mode : OutputMode.Plain, plan.Run, context.Time));
        await using var cluster = await LaunchAsync(view);
        if (await Watched(cluster).StartDetachedAsync(view, context.Interruption) is { } ended)
            return ended;
        var output = RunViews.Spoken(context.Terminal, mode);
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
        // From here on there are silos to be ended; until here a signal may do what it does by default.
        context.Interruption.Listen();
        try
        {
            return await body();
        }
        catch (OperationCanceledException) when (context.Interruption.Token.IsCancellationRequested)
        {
            // Before the run was submitted: there is nothing to sum up.
            return context.Interruption.ExitCode;
        }
        finally
        {
            context.Interruption.AtOnce = null;
            RemoveIfNothingHappened();
        }
    }

    private async Task<ITrainingCluster> LaunchAsync(RunSummary view)
    {
        var interruption = context.Interruption;
        ITrainingCluster cluster;
        try
        {
            cluster = await context.Launcher.LaunchAsync(plan, view.OnNotice, interruption.Token);
        }
        catch (Exception exception) when (interruption.Token.IsCancellationRequested)
        {
            // A terminal's Ctrl-C ends silos that do not listen yet: that they failed is not the news.
            throw new OperationCanceledException("interrupted while the cluster was started", exception, interruption.Token);
        }

        interruption.AtOnce = cluster.Kill;
        try
        {
            await new Greeting(context.Time, context.Limits).ExchangeAsync(cluster.Runs, "the silo program", interruption.Token);
            return cluster;
        }
        catch (Exception)
        {
            cluster.Kill();
            await cluster.EndAsync();
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A refused run, or one that was never submitted, leaves no directory; one with logs that say why does.</summary>
    private void RemoveIfNothingHappened()
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
