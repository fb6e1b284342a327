namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Text whose cells are separated by any number of blanks, with one tab between them instead: blanks in quotes stay, those at the start and
/// end of a line go.
/// </summary>
/// <param name="inner">The text; closed with this one.</param>
internal sealed class BlanksStream(Stream inner) : Stream
{
    private readonly byte[] _read = new byte[1 << 16];
    private int _at;
    private int _end;
    private bool _quoted;
    private bool _lineStarts = true;
    private bool _pending;

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
        int written = 0;
        while (written < buffer.Length)
        {
            if (_at == _end)
            {
                if (written > 0)
                    break;
                (_at, _end) = (0, inner.Read(_read));
                if (_end == 0)
                    break;
            }

            byte next = _read[_at];
            if (!_quoted && next is (byte)' ' or (byte)'\t')
            {
                _at++;
                _pending = !_lineStarts;
                continue;
            }

            bool ends = next is (byte)'\n' or (byte)'\r';
            if (_pending && !ends)
            {
                (buffer[written++], _pending) = ((byte)'\t', false);
                continue;
            }

            (_pending, _lineStarts) = (false, ends && !_quoted);
            _quoted ^= next == (byte)'"';
            buffer[written++] = next;
            _at++;
        }

        return written;
    }

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
            inner.Dispose();
        base.Dispose(disposing);
    }
}
