namespace Orleans.Tbptt.Client.Cluster;

/// <summary>
/// Held while the silos of a run are started, so that two consoles that resume it at once do not start two clusters. A locked file,
/// deleted by its holder; the operating system releases the lock when that process dies.
/// </summary>
internal static class StartLock
{
    /// <summary>Takes the lock that belongs to a membership file.</summary>
    /// <exception cref="ClientException">Another console holds the lock, or its file cannot be created.</exception>
    public static IDisposable Take(ClusterPlan plan, string membershipFile)
    {
        string path = $"{membershipFile}.lock";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0,
                FileOptions.DeleteOnClose);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new ClientException(
                $"another console is starting silos for run {plan.Run}; attach to them with: tbptt attach {plan.Run}", ExitCode.Unreachable,
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw LocalCluster.UnusableRunStore(plan, exception);
        }
    }
}
