using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Data.Files;

/// <summary>
/// A file's metadata, available without reading it. Equal stamps mean an unchanged file, different ones that it has to be read again.
/// </summary>
/// <remarks>
/// Limited by the file system's clock: a stamp does not show that a file was rewritten at the same length within the tick (some
/// milliseconds) in which it was written before. On a network file system a change shows once the client's attribute cache expires.
/// </remarks>
/// <param name="Length">Bytes.</param>
/// <param name="Modified">When its content was last written, in the file system's own units; a program may set it back.</param>
/// <param name="Changed">When anything about it was last changed; no program can set that back. 0 where not available.</param>
/// <param name="Inode">Which file of its disk it is: another one after it was replaced. 0 where not available.</param>
/// <param name="Device">Which disk. 0 where not available.</param>
internal readonly partial record struct FileStamp(long Length, Int128 Modified, Int128 Changed, ulong Inode, ulong Device)
{
    private const int CurrentDirectory = -100;
    private const uint BasicFields = 0x7ff;
    private const int KindMask = 0xf000, Directory = 0x4000, Regular = 0x8000;

    /// <summary>The stamp of what a path names, links followed.</summary>
    /// <param name="path">The path.</param>
    /// <param name="kind">What it names.</param>
    /// <exception cref="IOException">The file system reports an error.</exception>
    /// <exception cref="UnauthorizedAccessException">This process has no permission.</exception>
    public static FileStamp Of(string path, out FileKind kind)
    {
        // Older kernels and some sandboxes lack this call.
        if (OperatingSystem.IsLinux() && Ask(CurrentDirectory, path, 0, BasicFields, out Answer fields) == 0)
        {
            kind = (fields.Mode & KindMask) switch { Regular => FileKind.Regular, Directory => FileKind.Directory, _ => FileKind.Special };
            return new(
                (long)fields.Size, Time(fields.ModifiedSeconds, fields.ModifiedNanoseconds),
                Time(fields.ChangedSeconds, fields.ChangedNanoseconds),
                fields.Inode, ((ulong)fields.DeviceMajor << 32) | fields.DeviceMinor);
        }

        var file = new FileInfo(path);
        kind = file.Exists ? FileKind.Regular : System.IO.Directory.Exists(path) ? FileKind.Directory : FileKind.None;
        return kind == FileKind.Regular ? new(file.Length, file.LastWriteTimeUtc.Ticks, 0, 0, 0) : default;
    }

    private static Int128 Time(long seconds, uint nanoseconds) => ((Int128)seconds * 1_000_000_000) + nanoseconds;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Ask(int directory, string path, int flags, uint mask, out Answer answer);

    /// <summary>Linux' <c>struct statx</c>, the same on every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Answer
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(96)] public long ChangedSeconds;
        [FieldOffset(104)] public uint ChangedNanoseconds;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }
}

/// <summary>What a path names.</summary>
internal enum FileKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A file with content.</summary>
    Regular,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A pipe, a socket or a device: it may be endless, and cannot be read twice.</summary>
    Special,
}
