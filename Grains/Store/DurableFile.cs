using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>Files that are there whole or not at all: written under another name, flushed to the disk, renamed, the directory flushed.</summary>
internal static partial class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>Writes a file in one piece; when that fails, the old file is still there and nothing else is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="unfinished">What its name ends with until it is whole. Writers that may meet need one each.</param>
    public static void Write(string path, Action<Stream> write, string unfinished = ".tmp")
    {
        string temporary = path + unfinished;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes a text file in one piece.</summary>
    public static void WriteText(string path, string text, string unfinished = ".tmp") =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)), unfinished);

    /// <summary>Makes the names in a directory durable; .NET has no call for it.</summary>
    public static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int handle = Open(path, ReadOnly);
        if (handle < 0)
            throw new IOException($"cannot open directory {path} to flush it: error {Marshal.GetLastPInvokeError()}");
        try
        {
            if (Flush(handle) != 0)
                throw new IOException($"cannot flush directory {path}: error {Marshal.GetLastPInvokeError()}");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
