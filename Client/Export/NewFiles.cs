using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Export;

/// <summary>Files that get their names when all of them are complete: they are written in a directory of another name.</summary>
/// <param name="to">The directory for them.</param>
/// <param name="force">Whether files that exist are replaced.</param>
internal sealed class NewFiles(string to, bool force) : IDisposable
{
    /// <summary>Where they are written.</summary>
    public string Unfinished { get; } = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(to))}.{Guid.NewGuid():N}";

    /// <summary>Whether their names are not printed.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>Writes files, and prints their names.</summary>
    /// <param name="context">Where to print.</param>
    /// <param name="write">Writes them in <see cref="Unfinished"/>.</param>
    /// <exception cref="ClientException">One of them exists already, or cannot be written.</exception>
    public async Task WriteAsync(ConsoleContext context, Func<Task> write)
    {
        try
        {
            Directory.CreateDirectory(Unfinished);
            await write();
            RefuseExisting();
            Directory.CreateDirectory(to);
            foreach (string name in Names)
            {
                string path = Path.Combine(to, name);
                File.Move(Path.Combine(Unfinished, name), path, force);
                if (!IsQuiet)
                    context.Terminal.Out.WriteLine($"wrote {Text.OneLine(path)}");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClientException($"cannot write to {Text.OneLine(to)}: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
    }

    /// <summary>Refuses names that exist: also called when the files are begun, because a long run takes a while.</summary>
    /// <exception cref="ClientException">One of them exists.</exception>
    public void RefuseExisting()
    {
        if (!force && Names.Select(name => Path.Combine(to, name)).FirstOrDefault(Path.Exists) is { } existing)
        {
            throw new ClientException(
                $"{Text.OneLine(existing)}: found an existing file, expected none; --force overwrites it, --to names another directory",
                ExitCode.Failed);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Unfinished))
            Directory.Delete(Unfinished, recursive: true);
    }

    private IEnumerable<string> Names =>
        Directory.GetFiles(Unfinished).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
