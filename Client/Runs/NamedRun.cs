using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Runs;

/// <summary>Finds a run by its ID, by an unambiguous part of it, or by its directory, which may be a copy of another machine's.</summary>
internal static class NamedRun
{
    /// <summary>What a command says of the argument that names one.</summary>
    public const string Description = "Run ID or any unambiguous part of one, or a run's directory";

    /// <summary>Whether a name is the directory of a run.</summary>
    public static bool IsDirectory(string name) =>
        File.Exists(Path.Combine(name, "spec.yaml")) && File.Exists(Path.Combine(name, "status.json"));

    /// <summary>Finds it.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="runs">The run store, for a name that is no directory.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="ClientException">There is no such run, or several.</exception>
    public static RunInfo Find(TimeProvider time, string runs, string name)
    {
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(name));
        return IsDirectory(path) ? new RunFiles(Path.GetDirectoryName(path)!, time).Find(Path.GetFileName(path))
            : new RunFiles(runs, time).Find(name);
    }
}
