namespace Orleans.Tbptt.Data.Bytes;

/// <summary>Files one after another as one stream of bytes with random access.</summary>
internal sealed class ByteStream : IDisposable
{
    private readonly long[] _starts;
    private readonly FileHandleCache _files;

    /// <param name="files">The files in order; empty ones are skipped.</param>
    /// <param name="end">How many bytes of the only file are read, where it is followed; null for all.</param>
    public ByteStream(IReadOnlyList<FileInfo> files, long? end = null)
    {
        FileInfo[] filled = [.. files.Where(file => file.Length > 0)];
        _starts = new long[filled.Length];
        for (int i = 0; i < filled.Length; i++)
        {
            _starts[i] = Length;
            Length += end ?? filled[i].Length;
        }

        _files = new([.. filled.Select(file => file.FullName)]);
    }

    /// <summary>The number of bytes in the stream.</summary>
    public long Length { get; }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="position"/> on, across as many files as it takes.</summary>
    public void Read(long position, Span<byte> destination)
    {
        int file = Array.BinarySearch(_starts, position);
        for (file = file < 0 ? ~file - 1 : file; destination.Length > 0; file++)
        {
            long end = file + 1 < _starts.Length ? _starts[file + 1] : Length;
            int count = (int)Math.Min(destination.Length, end - position);
            _files.Read(file, position - _starts[file], destination[..count]);
            position += count;
            destination = destination[count..];
        }
    }

    public void Dispose() => _files.Dispose();
}
