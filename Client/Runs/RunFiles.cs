using System.Text.Json;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>Reads the run store directly: runs can be looked at when no silo is alive.</summary>
/// <param name="root">The directory of runs.</param>
/// <param name="time">The clock.</param>
internal sealed class RunFiles(string root, TimeProvider time)
{
    /// <summary>Every run whose status can be read, newest first.</summary>
    public IReadOnlyList<KnownRun> All() => KnownRun.NewestFirst(RunDirectory.All(root).Select(Read).OfType<KnownRun>());

    /// <summary>The run of this id, or the only one whose id begins so.</summary>
    /// <exception cref="ClientException">There is none, or more than one; names those that come close.</exception>
    public KnownRun Find(string name)
    {
        var directories = RunDirectory.All(root).ToDictionary(directory => directory.Id.Text, StringComparer.Ordinal);
        string id = RunNames.Find(name, directories.Keys, root);
        return Read(directories[id]) ?? throw new ClientException($"the status of run '{id}' cannot be read: {directories[id].Status}", ExitCode.Failed);
    }

    private KnownRun? Read(RunDirectory directory)
    {
        try
        {
            return directory.ReadStatus() is { } status ? new(directory, status, time.GetUtcNow()) : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
