namespace Orleans.Tbptt.Data.Files;

/// <summary>A line is longer than any that is meant.</summary>
internal sealed class LineTooLongException(long line, int most) : Exception($"line {line} has more than {most} bytes")
{
    public long Line => line;

    public int Most => most;
}

/// <summary>Reads a stream line by line in bounded memory. A line ends with LF or CR LF, neither of which is part of it.</summary>
/// <param name="stream">The stream; not owned.</param>
/// <param name="most">Bytes of the longest line.</param>
internal sealed class ByteLines(Stream stream, int most = ByteLines.Longest)
{
    /// <summary>Bytes of the longest line by default: 4 MiB.</summary>
    public const int Longest = 4 << 20;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>The number of the last line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line.</summary>
    /// <param name="line">Its bytes, until the next call.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="LineTooLongException">It is too long.</exception>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        for (int looked = 0; ;)
        {
            int found = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (found >= 0 || (_isAtEnd && _end > _start))
            {
                int length = found >= 0 ? looked + found : _end - _start;
                ReadOnlySpan<byte> whole = _buffer.AsSpan(_start, length);
                _start += found >= 0 ? length + 1 : length;
                Number++;
                line = whole.EndsWith("\r"u8) ? whole[..^1] : whole;
                if (Number == 1 && line.StartsWith("\uFEFF"u8))
                    line = line[3..];
                return true;
            }

            if (_isAtEnd)
            {
                line = default;
                return false;
            }

            looked = _end - _start;
            Fill();
        }
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= most)
                throw new LineTooLongException(Number + 1, most);
            Array.Resize(ref _buffer, Math.Min(most, 2 * _buffer.Length));
        }

        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _isAtEnd = read == 0;
        _end += read;
    }
}
