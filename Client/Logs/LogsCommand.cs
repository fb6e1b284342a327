using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Logs;

/// <summary>The arguments of <c>tbptt logs</c>.</summary>
/// <param name="Run">Run ID, or any unambiguous part of it.</param>
/// <param name="Cluster">The run store and the cluster to search.</param>
/// <param name="Follow">Whether to keep printing new lines until the run has ended.</param>
/// <param name="Silo">The silo whose log to print; null for all.</param>
internal sealed record LogsOptions(string Run, ClusterSelection Cluster, bool Follow, string? Silo);

/// <summary>
/// <c>tbptt logs</c>: the logs of a run's local silos in order of time; where there are none, the run's events as text. Steps are left out
/// because there may be millions.
/// </summary>
internal static class LogsCommand
{
    /// <summary>The time between polls of growing files.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Writes the logs.</summary>
    /// <exception cref="ClientException">There is no such run or silo, or the cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, LogsOptions options)
    {
        if (options.Cluster.IsNamed)
        {
            await using var run = await context.Clusters.FindAsync(options.Cluster, options.Run, CancellationToken.None);
            return await EventsOfClusterAsync(context, run, options);
        }

        var known = new RunFiles(options.Cluster.Runs, context.Time).Find(options.Run);
        Action write = SiloLogs(context, known.Directory, options) ?? Events(context, known.Directory, options);
        await FollowAsync(context, known.Directory, options.Follow, write);
        return ExitCode.Completed;
    }

    private static Action? SiloLogs(ConsoleContext context, RunDirectory directory, LogsOptions options)
    {
        string[] names = Names(directory);
        if (names.Length == 0)
            return null;
        if (options.Silo is { } silo && !names.Contains(silo))
            throw NoSilo(options, $"silos with logs: {string.Join(", ", names)}");
        string[] shown = options.Silo is null ? names : [options.Silo];
        int width = shown.Max(name => name.Length);
        var tails = shown.Select(name => new SiloLogTail(name, Path.Combine(directory.Logs, $"{name}.log"))).ToList();
        return () =>
        {
            foreach (var entry in SiloLogTail.Merge(tails))
            {
                foreach (string line in entry.Lines)
                    context.Terminal.Out.WriteLine($"{entry.Silo.PadRight(width)} | {Text.Printable(line).TrimEnd()}");
            }
        };
    }

    private static Action Events(ConsoleContext context, RunDirectory directory, LogsOptions options)
    {
        if (options.Silo is not null)
            throw NoSilo(options, "the run was trained by a cluster whose silos log elsewhere");
        var journal = new JournalReader(directory.Metrics);
        long seen = 0;
        return () =>
        {
            var page = journal.ReadOthers(seen);
            foreach (var runEvent in page.Lines.Select(RunJson.ReadEventOrNull).OfType<RunEvent>())
                Write(context.Terminal.Out, runEvent);
            seen = page.Last;
        };
    }

    private static async Task<int> EventsOfClusterAsync(ConsoleContext context, FoundRun run, LogsOptions options)
    {
        if (options.Silo is not null)
            throw NoSilo(options, "a cluster's silos log elsewhere");
        var view = new EventLogView(context.Terminal);
        var watcher = new RunWatcher(run.Runs, run.Id, context.Time, context.Limits);
        if (options.Follow)
            await watcher.WatchAsync(view, CancellationToken.None);
        else
            await watcher.CatchUpAsync(view, CancellationToken.None);
        return ExitCode.Completed;
    }

    /// <summary>Writes the existing lines, and new ones until the run has ended.</summary>
    private static async Task FollowAsync(ConsoleContext context, RunDirectory directory, bool follow, Action write)
    {
        using var timer = new PeriodicTimer(Period, context.Time);
        bool ended;
        do
        {
            // The status is read before the files, so that everything written before the end is shown.
            ended = !follow || StatusFile.Read(directory) is not { HasEnded: false };
            write();
            context.Terminal.Out.Flush();
        }
        while (!ended && !context.Terminal.HasLostItsReader() && await timer.WaitForNextTickAsync());
    }

    internal static void Write(TextWriter output, RunEvent runEvent)
    {
        if (runEvent is not StepCommitted && EventText.Of(runEvent) is { } text)
            output.WriteLine($"{runEvent.Time.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff} {Text.OneLine(text)}");
    }

    private static string[] Names(RunDirectory directory) => Directory.Exists(directory.Logs)
        ? [.. Directory.EnumerateFiles(directory.Logs, "*.log").Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Order(StringComparer.Ordinal)]
        : [];

    private static ClientException NoSilo(LogsOptions options, string hint) =>
        new($"found no log of silo '{Text.OneLine(options.Silo!)}' in run {Text.OneLine(options.Run)}; {hint}", ExitCode.Failed);
}
