namespace Orleans.Tbptt.Client.Cluster;

/// <summary>
/// Held while silos are started, so that two consoles that resume a run, or serve a model, at once do not start two clusters. A locked
/// file, deleted by its holder; the operating system releases the lock when that process dies.
/// </summary>
internal static class StartLock
{
    /// <summary>Takes the lock that belongs to a membership file.</summary>
    /// <param name="runs">The run store.</param>
    /// <param name="membershipFile">The membership file.</param>
    /// <param name="held">The message where another console holds the lock.</param>
    /// <exception cref="ClientException">Another console holds the lock, or its file cannot be created.</exception>
    public static IDisposable Take(string runs, string membershipFile, string held)
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
            throw new ClientException(held, ExitCode.Unreachable, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw LocalCluster.UnusableRunStore(runs, exception);
        }
    }
}
