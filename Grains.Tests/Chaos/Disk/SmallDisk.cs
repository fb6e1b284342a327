using Orleans.Tbptt.Tests.Chaos.Harness;

namespace Orleans.Tbptt.Tests.Chaos.Disk;

/// <summary>A disk of a few megabytes, in memory, mounted on a directory of the test's; gone with it.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _ballast;

    private SmallDisk(string path) => (Path, _ballast) = (path, System.IO.Path.Combine(path, "ballast"));

    /// <summary>The directory that it is mounted on.</summary>
    public string Path { get; }

    /// <summary>Mounts a disk. The test is skipped, or in CI fails, where that is not allowed.</summary>
    /// <param name="path">A directory in a <see cref="Workplace"/>; made where it is missing.</param>
    /// <param name="bytes">The disk's size.</param>
    public static SmallDisk Mount(string path, long bytes)
    {
        string mount = Tool.RequireAsRoot("mount", "mount");
        Directory.CreateDirectory(path);
        Tool.Run(mount, "-t", "tmpfs", "-o", $"size={bytes},mode=0777", "tbptt-chaos", path);
        return new(path);
    }

    /// <summary>Takes all the room that is left, to the last byte.</summary>
    public void Fill()
    {
        byte[] block = new byte[4096];
        using var file = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // This is what was wanted.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void MakeRoom() => File.Delete(_ballast);

    public void Dispose() => UnmountBelow(Path);

    /// <summary>Unmounts what is mounted at <paramref name="path"/> or below it, even if it is in use.</summary>
    public static void UnmountBelow(string path)
    {
        var mounts = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')[1])
            .Where(mount => mount == path || mount.StartsWith(path + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal));
        foreach (string mount in mounts.Reverse().ToArray())
            Tool.Run("umount", "-l", mount);
    }
}
