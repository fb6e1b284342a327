using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// Files that exist complete or not at all: written under another name, flushed to the disk, renamed, the directory flushed.
/// </summary>
internal static partial class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>Writes a file in one piece; when that fails, the old file is still there and nothing else is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="unfinished">What its name ends with until it is whole. Writers that may meet need one each.</param>
    /// <param name="beforeRename">Called when it is whole; throws where the file may not take the old one's place any more.</param>
    /// <param name="isFlushed">Whether it outlasts a machine that loses power; false for a file that is soon written again.</param>
    public static void Write(
        string path, Action<Stream> write, string unfinished = ".tmp", Action? beforeRename = null, bool isFlushed = true)
    {
        string temporary = path + unfinished;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: isFlushed);
            }

            beforeRename?.Invoke();
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        if (isFlushed)
            FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes a text file in one piece.</summary>
    public static void WriteText(string path, string text, string unfinished = ".tmp", Action? beforeRename = null) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)), unfinished, beforeRename);

    /// <summary>Makes a text file that nobody has made before: of several at once one succeeds, and nobody ever sees half of it.</summary>
    /// <returns>False when there is a file of this name; it is left as it is.</returns>
    public static bool TryCreate(string path, string text)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            Publish(temporary, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
        finally
        {
            File.Delete(temporary);
        }

        FlushDirectory(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Makes the names in a directory durable; .NET has no call for it.</summary>
    public static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int handle = Open(path, ReadOnly);
        if (handle < 0)
            throw Failed("open", path);
        try
        {
            if (Flush(handle) != 0)
                throw Failed("flush", path);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    /// <summary>
    /// Gives a file its name where that is free. <see cref="File.Move(string, string, bool)"/> looks whether it is and renames then, so
    /// that of two at once the later one wins, and both believe that they have; link(2) fails for all but one.
    /// </summary>
    private static void Publish(string temporary, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            File.Move(temporary, path, overwrite: false);
            return;
        }

        if (Link(temporary, path) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw new IOException($"cannot create {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    /// <summary>With the error's number, by which a full disk is known.</summary>
    private static IOException Failed(string what, string path)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"cannot {what} directory {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);
}
