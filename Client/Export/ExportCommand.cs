using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Export;

/// <summary><c>tbptt export</c>: a run's metrics in the format of another program.</summary>
internal static class ExportCommand
{
    /// <summary>Writes the files. They get their names when all of them are complete.</summary>
    /// <exception cref="ClientException">
    /// There is no such run, it has no events, a file exists already or cannot be written, or the cluster cannot be reached.
    /// </exception>
    public static async Task<int> RunAsync(
        ConsoleContext context, ClusterSelection cluster, string run, MetricsFormat format, string? directory, bool force)
    {
        await using var journal = await RunJournal.FindAsync(context, cluster, run);
        string to = directory ?? journal.Id.Text;
        string unfinished = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(to))}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(unfinished);
            await WriteAsync(context, journal, first =>
            {
                var writer = format.Open(unfinished, journal.Id, first.Time);
                if (!force)
                    RefuseExisting(unfinished, to);
                return writer;
            });
            foreach (string path in Publish(unfinished, to, force))
                context.Terminal.Out.WriteLine($"wrote {Text.OneLine(path)}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClientException($"cannot write to {Text.OneLine(to)}: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
        finally
        {
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
        }

        return ExitCode.Completed;
    }

    private static async Task WriteAsync(ConsoleContext context, RunJournal journal, Func<RunEvent, IMetricsWriter> open)
    {
        IMetricsWriter? writer = null;
        try
        {
            await foreach (var one in journal.EventsAsync(context.Terminal.Error.WriteLine))
            {
                writer ??= open(one);
                writer.Add(one);
            }
        }
        finally
        {
            writer?.Dispose();
        }

        if (writer is null)
            throw new ClientException($"run {journal.Id} has no events yet: it has not begun to train", ExitCode.Failed);
    }

    /// <summary>Refuses names that exist before a long run is written, rather than after.</summary>
    private static void RefuseExisting(string unfinished, string to)
    {
        if (Names(unfinished).Select(name => Path.Combine(to, name)).FirstOrDefault(Path.Exists) is { } existing)
        {
            throw new ClientException(
                $"{Text.OneLine(existing)}: found an existing file, expected none; --force overwrites it, --to names another directory",
                ExitCode.Failed);
        }
    }

    /// <summary>Moves the files into the directory.</summary>
    /// <returns>Their paths.</returns>
    private static List<string> Publish(string unfinished, string to, bool force)
    {
        Directory.CreateDirectory(to);
        var paths = new List<string>();
        foreach (string name in Names(unfinished))
        {
            paths.Add(Path.Combine(to, name));
            File.Move(Path.Combine(unfinished, name), paths[^1], force);
        }

        return paths;
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.GetFiles(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
