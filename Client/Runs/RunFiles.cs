using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>Reads the run store directly, so that runs can be inspected when no silo is alive.</summary>
/// <param name="root">The directory of runs.</param>
/// <param name="time">The clock.</param>
internal sealed class RunFiles(string root, TimeProvider time)
{
    /// <summary>Every run, newest first.</summary>
    public IReadOnlyList<RunInfo> All() => RunInfo.NewestFirst(RunDirectory.All(root).Select(Read).OfType<RunInfo>());

    /// <summary>The run with this ID or unambiguous part of it.</summary>
    /// <exception cref="ClientException">No run or several runs match; the message names similar IDs.</exception>
    public RunInfo Find(string name)
    {
        var directories = RunDirectory.All(root).ToDictionary(directory => directory.Id.Text, StringComparer.Ordinal);
        string id = RunNames.Find(name, directories.Keys, root);
        return Read(directories[id])
            ?? throw new ClientException($"the status of run '{id}' cannot be read: {directories[id].Status}", ExitCode.Failed);
    }

    private RunInfo? Read(RunDirectory directory)
    {
        try
        {
            return directory.ReadStatus() is { } status ? new(directory, status, time.GetUtcNow()) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing is left out of a list in silence.
            return new(directory, directory.RebuildStatus($"{directory.Status} cannot be read: {exception.Message}"), time.GetUtcNow());
        }
    }
}
