using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client.Attach;

/// <summary>Shows a run of a cluster until it ends or the user detaches; the run continues after a detach.</summary>
internal static class AttachedRun
{
    /// <summary>Shows the run.</summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="run">The run, with a cluster.</param>
    /// <param name="mode">How to show it.</param>
    /// <param name="fromNow">Whether to skip the events that already exist.</param>
    /// <returns>
    /// The exit code of the run's outcome; after a detach that of the signal, so that a script does not mistake it for the outcome.
    /// </returns>
    /// <exception cref="ClientException">The run can no longer be reached.</exception>
    public static async Task<int> WatchAsync(ConsoleContext context, FoundRun run, OutputMode mode, bool fromNow)
    {
        var interruption = context.Interruption;
        var output = RunViews.Messages(context.Terminal, mode);
        var view = new RunSummary(RunViews.Create(context.Terminal, context.EffectiveMode(mode), run.Id, context.Time));
        var watcher = new RunWatcher(run.Runs, run.Id, context.Time, context.Limits)
        {
            Recorded = () => run.HasFiles ? StatusFile.Read(run.Info.Directory) : null,
        };
        if (run.Page is { } page)
            output.WriteLine($"page {page}");
        interruption.Listen();
        try
        {
            var status = await view.ShowAsync(() => ReaderWatch.RunWhileReadAsync(context, async () =>
            {
                if (fromNow)
                    await watcher.SkipAsync(view, interruption.Token);
                return await watcher.WatchAsync(view, interruption.Token);
            }));
            view.Write(output, run.Info.Directory, status, run.Command("resume"));
            return ExitCode.Of(status.State);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            string state = watcher.IsPaused ? "stays paused" : "continues";
            output.WriteLine($"detached; run {run.Id} {state}, attach again with: {run.Command("attach")}");
            output.Flush();
            return interruption.ExitCode;
        }
    }
}
