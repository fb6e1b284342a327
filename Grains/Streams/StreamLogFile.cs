using System.Buffers;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Grains.Store;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// A file of the log of streams, <c>&lt;silo&gt;.&lt;number&gt;.log</c>: records one behind the other. It belongs to the silo that its name
/// has, which alone appends to it.
/// </summary>
internal sealed class StreamLogFile : IDisposable
{
    /// <summary>What the names of files end with.</summary>
    public const string Extension = ".log";

    private const int Block = 1 << 20;
    private static readonly byte[] Magic = "TBPTTSL1"u8.ToArray();

    private StreamLogFile(string path, SafeFileHandle handle, bool isWritable) => (Path, Handle, IsWritable) = (path, handle, isWritable);

    /// <summary>The file.</summary>
    public string Path { get; private set; }

    /// <summary>The open file: records can be read from it also when its name is gone.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Whether all records in it were written by this silo since it began.</summary>
    public bool IsWritable { get; }

    /// <summary>The end of the last record that is known.</summary>
    public long End { get; set; }

    /// <summary>Whether bytes that are no record stand before whole ones: not what a process leaves that was killed.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>The path of a file.</summary>
    public static string PathOf(string directory, string owner, int number) =>
        System.IO.Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{owner}.{number:D6}{Extension}"));

    /// <summary>The silo and the number in a file's name; null for another file.</summary>
    public static (string Owner, int Number)? Parse(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        if (!name.EndsWith(Extension, StringComparison.Ordinal))
            return null;
        name = name[..^Extension.Length];
        int dot = name.LastIndexOf('.');
        return dot > 0 && int.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? (name[..dot], number) : null;
    }

    /// <summary>Makes a file.</summary>
    /// <exception cref="IOException">There is one, or it cannot be written.</exception>
    public static StreamLogFile Create(string path)
    {
        var handle = File.OpenHandle(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.None);
        try
        {
            RandomAccess.Write(handle, Magic, 0);
            RandomAccess.FlushToDisk(handle);
            DurableFile.FlushDirectory(System.IO.Path.GetDirectoryName(path)!);
            return new(path, handle, isWritable: true) { End = Magic.Length };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file to read.</summary>
    /// <exception cref="FileNotFoundException">It has been removed, or renamed.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static StreamLogFile Open(string path) => new(
        path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), isWritable: false);

    /// <summary>Gives the file another name; it stays open, and what is known of it stays known.</summary>
    /// <exception cref="FileNotFoundException">It has been removed, or renamed by another silo.</exception>
    public void Rename(string path)
    {
        File.Move(Path, path, overwrite: false);
        Path = path;
    }

    /// <summary>Reads the records behind <see cref="End"/>; a record that is not whole is left for later.</summary>
    /// <param name="take">Receives each.</param>
    /// <param name="isClosed">
    /// Whether nobody appends to the file: then records are looked for behind bytes that are none, which makes it a damaged one.
    /// </param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public void Scan(Action<RecordHead, RecordPlace> take, bool isClosed)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            if (End == 0)
            {
                // A silo that was killed as it made the file has left less.
                if (RandomAccess.Read(Handle, buffer.AsSpan(0, Magic.Length), 0) < Magic.Length)
                    return;
                if (!buffer.AsSpan(0, Magic.Length).SequenceEqual(Magic))
                    throw new InvalidDataException($"{Path}: found other bytes at its beginning, expected a log of streams; move it away");
                End = Magic.Length;
            }

            while (true)
            {
                int read = RandomAccess.Read(Handle, buffer, End), at = 0;
                while (StreamRecord.LengthOf(buffer.AsSpan(at, read - at)) is > 0 and var length)
                {
                    var head = StreamRecord.ReadHead(buffer.AsSpan(at, length));
                    take(head, new(this, End + at, length, head.First));
                    at += length;
                }

                End += at;
                if (at > 0)
                    continue;

                // Either the end, or a record that is longer than the buffer.
                if (read < buffer.Length || buffer.Length > 2 * StreamRecord.Longest)
                {
                    if (!isClosed || RecordIn(buffer.AsSpan(0, read)) is not (> 0 and var next))
                        return;
                    (IsDamaged, End) = (true, End + next);
                    continue;
                }

                byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = larger;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="InvalidDataException">It has been damaged since it was found.</exception>
    public StreamState Read(RecordPlace place)
    {
        byte[] record = ArrayPool<byte>.Shared.Rent(place.Length);
        try
        {
            var bytes = record.AsSpan(0, place.Length);
            int read = 0;
            while (read < bytes.Length && RandomAccess.Read(Handle, bytes[read..], place.Offset + read) is > 0 and var more)
                read += more;
            return StreamRecord.LengthOf(bytes[..read]) == place.Length ? StreamRecord.ReadState(bytes)
                : throw new InvalidDataException(
                    $"{Path}: found other bytes at {place.Offset} than were written there, expected a record of a stream; look for the "
                    + "cause, and forget the stream, or restore the file");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    /// <summary>Where the first whole record is in some bytes; negative for nowhere.</summary>
    private static int RecordIn(ReadOnlySpan<byte> bytes)
    {
        for (int at = 1; at < bytes.Length; at++)
        {
            if (StreamRecord.LengthOf(bytes[at..]) > 0)
                return at;
        }

        return -1;
    }
}
