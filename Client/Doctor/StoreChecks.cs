using System.Globalization;

namespace Orleans.Tbptt.Client.Doctor;

/// <summary>The run store: whether it can be written, how much room it has, how long it takes to write durably, and its clock.</summary>
/// <param name="time">The clock.</param>
internal sealed class StoreChecks(TimeProvider time)
{
    private const long LittleRoom = 1L << 30;
    private const int Writes = 5;

    private static readonly TimeSpan SlowWrite = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);
    private static readonly string[] Shared = ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph", "lustre", "9p", "beegfs", "gpfs"];

    /// <summary>All findings.</summary>
    /// <param name="runs">The run store.</param>
    /// <param name="isLocal">Whether its silos find each other by a SQLite file in it.</param>
    public IReadOnlyList<Finding> All(string runs, bool isLocal)
    {
        string path = Path.GetFullPath(runs);
        try
        {
            bool isNew = !Directory.Exists(path);
            string existing = isNew ? Existing(path) : path;
            // A store that does not exist yet is not created by looking at it.
            string probe = Path.Combine(existing, $".tbptt-doctor-{Guid.NewGuid():N}");
            try
            {
                return Look(path, existing, probe, isLocal);
            }
            finally
            {
                File.Delete(probe);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return
            [
                Finding.Problem("run store", $"{path}, which cannot be written ({exception.Message})",
                    "a directory that this user can write",
                    "name another by --runs, or change its owner"),
            ];
        }
    }

    private List<Finding> Look(string path, string existing, string probe, bool isLocal)
    {
        var began = time.GetUtcNow();
        double[] seconds = [.. Enumerable.Range(0, Writes).Select(_ => WriteDurably(probe)).Order()];
        var (written, ended) = ((DateTimeOffset)File.GetLastWriteTimeUtc(probe), time.GetUtcNow());
        var findings = new List<Finding>();
        string type = TypeOf(existing);
        bool isShared = Shared.Contains(type, StringComparer.Ordinal);
        string found = $"{path}{(existing == path ? "" : ", which the first run creates")}, file system {type}";
        findings.Add(isShared && isLocal
            ? Finding.Warning("run store", found, "Redis or PostgreSQL for the membership",
                "SQLite's locks are not reliable over a network: start silos of several machines with --clustering Redis or PostgreSql")
            : Finding.Ok("run store", found));
        long room = new DriveInfo(existing).AvailableFreeSpace;
        findings.Add(room >= LittleRoom ? Finding.Ok("disk space", $"{MachineChecks.Size(room)} free")
            : Finding.Warning("disk space", $"{MachineChecks.Size(room)} free", $"at least {MachineChecks.Size(LittleRoom)}",
                "delete old runs or their checkpoints, or name another directory by --runs"));
        double median = seconds[Writes / 2];
        string took = string.Create(CultureInfo.InvariantCulture, $"{median * 1000:0.0} ms to write 4 KiB durably");
        findings.Add(median <= SlowWrite.TotalSeconds ? Finding.Ok("durable write", took)
            : Finding.Warning("durable write", took, $"at most {SlowWrite.TotalMilliseconds} ms",
                "training waits for the disk at checkpoints: choose a faster one, or raise checkpoint.everySeconds"));
        findings.Add(Skew(written < began ? written - began : written > ended ? written - ended : TimeSpan.Zero));
        return findings;
    }

    /// <summary>The file system's clock, which is the server's where it is shared.</summary>
    private static Finding Skew(TimeSpan skew)
    {
        string found =
            string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(skew.TotalSeconds):0.0} s between this machine and the file system");
        return skew.Duration() <= MostSkew ? Finding.Ok("clock", found)
            : Finding.Warning("clock", found, $"at most {MostSkew.TotalSeconds} s", "synchronize the clocks: chronyd or systemd-timesyncd");
    }

    private double WriteDurably(string path)
    {
        long began = time.GetTimestamp();
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        file.Write(new byte[4096]);
        file.Flush(flushToDisk: true);
        return time.GetElapsedTime(began).TotalSeconds;
    }

    private static string Existing(string path)
    {
        while (!Directory.Exists(path))
            path = Path.GetDirectoryName(path) ?? "/";
        return path;
    }

    private static string TypeOf(string path)
    {
        // id parent device root mount options … - type source
        var mounts = from line in File.Exists("/proc/self/mountinfo") ? File.ReadLines("/proc/self/mountinfo") : []
                     let words = line.Split(' ')
                     let mount = words[4].Replace("\\040", " ", StringComparison.Ordinal)
                     where path == mount || path.StartsWith(mount.TrimEnd('/') + "/", StringComparison.Ordinal)
                     orderby mount.Length
                     select words[Array.IndexOf(words, "-") + 1];
        return mounts.LastOrDefault() ?? "unknown";
    }
}
