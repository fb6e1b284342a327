using System.Buffers.Binary;
using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>Reads an Arrow file or stream, plain or compressed by LZ4 or Zstandard, with Apache.Arrow.</summary>
internal sealed class ArrowTableReader : BatchTableReader
{
    private const string Expected = "an Arrow file (Feather version 2), or an Arrow stream";

    // Of the first message, behind the mark.
    private const int Beginning = 8;

    private readonly BoundedAllocator _memory = new();
    private readonly FileStream _stream;
    private readonly ArrowStreamReader _reader;

    /// <summary>Opens a file and reads its schema.</summary>
    /// <exception cref="TableFormatException">It is none.</exception>
    public ArrowTableReader(string path, string opened) : base(path)
    {
        _stream = File.OpenRead(opened);
        try
        {
            var buffer = new byte[512];
            ReadOnlySpan<byte> head = buffer.AsSpan(0, _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false));
            _stream.Position = 0;
            bool isFile = head.StartsWith("ARROW1"u8);
            if (head.StartsWith("FEA1"u8))
                throw new TableFormatException($"a Feather file of version 1: {path}", Expected, "write it again as version 2");
            if (!isFile && FileContent.Other(head) is var (found, remedy))
                throw new TableFormatException($"{found}: {path}", Expected, remedy);
            long end = isFile ? BeginFile(path) : _stream.Length;
            ArrowMessages.Check(_stream, end, path);
            _reader = new(new StreamPart(_stream, end), _memory, new CompressionCodecFactory(), leaveOpen: true);
            SetColumns(Guarded(() => _reader.Schema)
                ?? throw new TableFormatException($"{path}, which has no schema", Expected, "copy or write the file again"));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _reader?.Dispose();
        _stream.Dispose();
    }

    protected override RecordBatch? TryNext()
    {
        _memory.Begin();
        return Guarded(_reader.ReadNextRecordBatch);
    }

    // A file is a stream between a mark and a table of contents, the size of that and the mark again.
    private long BeginFile(string path)
    {
        var end = new byte[10];
        _stream.Position = Math.Max(0, _stream.Length - end.Length);
        _stream.ReadExactly(end);
        long contents = _stream.Length - end.Length - BinaryPrimitives.ReadInt32LittleEndian(end);
        if (!end.AsSpan(4).SequenceEqual("ARROW1"u8) || contents < Beginning || contents > _stream.Length - end.Length)
            throw new TableFormatException($"{path}, which has no table of contents at its end", Expected, "copy or write the file again");
        _stream.Position = Beginning;
        return contents;
    }

    private T? Guarded<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (AllocationException error)
        {
            throw new TableFormatException(
                $"{Path}, which has {error.Bytes} bytes or more in one batch", $"batches of {BoundedAllocator.Largest >> 20} MiB or less",
                "write it in smaller batches (pyarrow: max_chunksize=65536)");
        }
        catch (Exception error) when (error is not TableFormatException)
        {
            throw new TableFormatException($"{Path}, which cannot be read ({error.Message})", Expected, "copy or write the file again");
        }
    }
}
