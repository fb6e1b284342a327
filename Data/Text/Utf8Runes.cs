using System.Buffers;
using System.Text;
using Orleans.Tbptt.Data.Files;

namespace Orleans.Tbptt.Data.Text;

/// <summary>A text is not well-formed UTF-8.</summary>
internal sealed class IllFormedTextException(long offset) : Exception($"ill-formed UTF-8 at byte {offset}")
{
    /// <summary>The first byte that does not fit, from 0.</summary>
    public long Offset => offset;
}

/// <summary>The Unicode scalar values of a stream in UTF-8, without a byte order mark at its beginning, in bounded memory.</summary>
/// <param name="stream">The stream; not owned.</param>
/// <param name="part">The part of a file that it is.</param>
internal sealed class Utf8Runes(Stream stream, FilePart part = default)
{
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _read = part.From;
    private bool _isAtEnd;

    /// <summary>The byte that the next value begins at, from 0.</summary>
    public long Offset => _read - (_end - _start);

    /// <summary>The line of the next value, from 1; a line ends with LF.</summary>
    public long Line { get; private set; } = 1 + part.LinesBefore;

    /// <summary>The next value.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="IllFormedTextException">The bytes are no UTF-8.</exception>
    public bool TryRead(out Rune rune)
    {
        while (true)
        {
            OperationStatus status = Rune.DecodeFromUtf8(_buffer.AsSpan(_start, _end - _start), out rune, out int bytes);
            if (status == OperationStatus.Done)
            {
                bool isMark = Offset == 0 && rune.Value == 0xfeff;
                _start += bytes;
                if (isMark)
                    continue;
                Line += rune.Value == '\n' ? 1 : 0;
                return true;
            }

            if (status == OperationStatus.NeedMoreData && !_isAtEnd)
                Fill();
            else if (_start == _end)
                return false;
            else
                throw new IllFormedTextException(Offset);
        }
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _isAtEnd = read == 0;
        _end += read;
        _read += read;
    }
}
