namespace Orleans.Tbptt.Data.Files;

/// <summary>Counts the rows of a file that is not all there yet, and says where the last whole one ends.</summary>
internal sealed class RowCounter(RowCut cut)
{
    private bool _isQuoted;
    private bool _isComment;
    private bool _isAtStart = true;
    private bool _isEmpty = true;
    private long _lines;
    private long _words;
    private bool _isInWord;
    private int _missing;

    /// <summary>Bytes taken.</summary>
    public long Taken { get; private set; }

    /// <summary>Bytes up to behind the last whole row.</summary>
    public long End { get; private set; }

    /// <summary>Rows that have ended, or more: lines of which some are no rows, words of which some may be one.</summary>
    public long Rows { get; private set; }

    /// <summary>Takes the bytes that follow.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        switch (cut.Unit)
        {
            case RowUnit.Byte:
                (End, Rows) = (Taken + bytes.Length, Rows + bytes.Length);
                break;
            case RowUnit.Character:
                TakeCharacters(bytes);
                break;
            case RowUnit.Word:
                TakeWords(bytes);
                break;
            default:
                TakeLines(bytes);
                break;
        }

        Taken += bytes.Length;
    }

    private void TakeLines(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            if (_isAtStart)
                (_isComment, _isEmpty) = (cut.Comment != '\0' && bytes[at] == (byte)cut.Comment, true);
            _isAtStart = false;
            int next = cut.HasQuotes && !_isComment && _lines >= cut.Passed ? bytes[at..].IndexOfAny((byte)'\n', (byte)'"')
                : bytes[at..].IndexOf((byte)'\n');
            _isEmpty &= !(next < 0 ? bytes[at..] : bytes.Slice(at, next)).ContainsAnyExcept((byte)'\r');
            if (next < 0)
                break;
            at += next + 1;
            if (bytes[at - 1] == (byte)'"')
            {
                (_isQuoted, _isEmpty) = (!_isQuoted, false);
                continue;
            }

            if (_isQuoted)
                continue;
            (_isAtStart, _lines) = (true, _lines + 1);
            if (!_isEmpty || !cut.HoldsEmptyLines)
                (End, Rows) = (Taken + at, _lines);
        }
    }

    /// <summary>A byte that is no ASCII may be part of white space, which parts words.</summary>
    private void TakeWords(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length; at++)
        {
            byte one = bytes[at];
            bool isSpace = one is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r') or (>= 0x1c and <= 0x1f);
            if (one > 0x7f || (!isSpace && !_isInWord))
                _words++;
            _isInWord = !isSpace;
            _words += one is (byte)'\n' or (byte)'\r' ? 1 : 0;
            if (one == (byte)'\n')
                (End, Rows) = (Taken + at + 1, _words);
        }
    }

    private void TakeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (int at = 0; at < bytes.Length; at++)
        {
            byte one = bytes[at];

            // What is no UTF-8 is reported by who reads it.
            _missing = (one & 0xc0) == 0x80 && _missing > 0 ? _missing - 1
                : (one & 0xe0) == 0xc0 ? 1 : (one & 0xf0) == 0xe0 ? 2 : (one & 0xf8) == 0xf0 ? 3 : 0;
            if (_missing == 0)
                (End, Rows) = (Taken + at + 1, Rows + 1);
        }
    }
}
