using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Membership;

/// <summary>
/// Whether the silos that were started for one run live: each of them holds a lock on a file, which the operating system releases when
/// its process ends, however it ends.
/// </summary>
public static class LocalClusterLife
{
    private const int Attempts = 50;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>The file that silos lock, next to their membership file.</summary>
    public static string FileOf(string membershipFile) => $"{membershipFile}.alive";

    /// <summary>The membership file of the silos that are started for a run.</summary>
    public static string MembershipFileOf(string runs, RunId run) =>
        Path.Combine(SqliteMembership.DirectoryIn(Path.GetFullPath(runs)), $"{run}.db");

    /// <summary>Takes a silo's share of the lock, until the result is disposed or the process ends.</summary>
    /// <exception cref="IOException">The file cannot be created or locked.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be created.</exception>
    public static async Task<IDisposable> HoldAsync(string membershipFile, TimeProvider time)
    {
        string path = FileOf(membershipFile);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            }
            catch (IOException) when (attempt < Attempts && File.Exists(path))
            {
                // IsAlive holds it for an instant.
                await Task.Delay(Pause, time);
            }
        }
    }

    /// <summary>
    /// Deletes the membership file, and the one that silos lock, unless another silo's process holds its share of the lock. Of silos that
    /// end at the same time the last one deletes them.
    /// </summary>
    /// <exception cref="IOException">A file cannot be deleted.</exception>
    public static void DeleteIfLast(string membershipFile)
    {
        FileStream exclusive;
        try
        {
            exclusive = new(FileOf(membershipFile), FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException)
        {
            // Another silo lives, or the console has deleted them.
            return;
        }

        using (exclusive)
            SqliteMembership.Delete(membershipFile);
    }

    /// <summary>
    /// Whether a silo that was started for a run lives; null where this machine cannot find out, because it lacks the run's files or the
    /// right to lock them.
    /// </summary>
    public static bool? IsAlive(RunDirectory run) => File.Exists(run.Status) ? IsAlive(Path.GetDirectoryName(run.Path)!, run.Id) : null;

    /// <summary>The same of silos that were started for a run or a sweep of some name.</summary>
    /// <param name="runs">The run store.</param>
    /// <param name="cluster">The run, or the sweep.</param>
    public static bool? IsAlive(string runs, RunId cluster)
    {
        string membership = MembershipFileOf(runs, cluster);
        string path = FileOf(membership);
        // The last silo, or the console that started it, deletes both files.
        if (!File.Exists(path))
            return File.Exists(membership) ? null : false;
        try
        {
            using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
