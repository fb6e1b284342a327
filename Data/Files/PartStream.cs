namespace Orleans.Tbptt.Data.Files;

/// <summary>A part of a file that others append to, as a stream that is read once.</summary>
internal sealed class PartStream : Stream
{
    private readonly FileStream _file;
    private readonly long _end;

    /// <param name="path">The file.</param>
    /// <param name="part">Which part.</param>
    public PartStream(string path, FilePart part)
    {
        _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);
        _file.Position = part.From;
        _end = part.End;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer) =>
        _file.Read(buffer[..(int)Math.Min(buffer.Length, Math.Max(0, _end - _file.Position))]);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
        base.Dispose(disposing);
    }
}
