using System.Buffers.Binary;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>
/// A file from its position up to an end, as a stream that is read once. Apache.Arrow reads the size of each message by four bytes, and
/// allocates as much: one that does not fit ends the reading before.
/// </summary>
/// <param name="file">The file; not owned.</param>
/// <param name="end">Where it ends.</param>
internal sealed class StreamPart(FileStream file, long end) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int read = file.Read(buffer[..(int)Math.Min(buffer.Length, Math.Max(0, end - file.Position))]);
        if (buffer.Length == sizeof(int) && read == sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(buffer) is var size
            && size != ArrowMessages.Continuation && (size < 0 || size > Math.Min(ArrowMessages.LargestMetadata, end - file.Position)))
        {
            throw new InvalidDataException($"a message of {size} bytes at byte {file.Position}");
        }

        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
