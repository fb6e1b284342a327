namespace Orleans.Tbptt.Data.Files;

/// <summary>How a file to which rows are appended is cut into rows.</summary>
/// <param name="HasLines">Whether a row ends with the end of a line; otherwise each byte is one.</param>
/// <param name="HasQuotes">Whether line ends in quotes end no row.</param>
/// <param name="Comment">What lines begin with in which quotes do not count; NUL for none.</param>
/// <param name="IsPacked">Whether a file is compressed that begins with some bytes; null where that does not matter.</param>
/// <param name="Passed">Lines at the beginning that are passed over, whatever is in them.</param>
/// <param name="MostBytes">The longest row that can be read.</param>
internal sealed record RowCut(
    bool HasLines, bool HasQuotes = false, char Comment = '\0', Predicate<byte[]>? IsPacked = null, int Passed = 0,
    long MostBytes = long.MaxValue);

/// <summary>Counts the rows of a file that is not all there yet, and says where the last whole one ends.</summary>
internal sealed class RowCounter(RowCut cut)
{
    private bool _isQuoted;
    private bool _isComment;
    private bool _isAtStart = true;

    /// <summary>Bytes taken.</summary>
    public long Taken { get; private set; }

    /// <summary>Bytes up to behind the last whole row.</summary>
    public long End { get; private set; }

    /// <summary>Rows that have ended; lines, at least as many as there are rows.</summary>
    public long Rows { get; private set; }

    /// <summary>Takes the bytes that follow.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        if (!cut.HasLines)
        {
            Taken += bytes.Length;
            (End, Rows) = (Taken, Rows + bytes.Length);
            return;
        }

        for (int at = 0; at < bytes.Length;)
        {
            if (_isAtStart)
                _isComment = cut.Comment != '\0' && bytes[at] == (byte)cut.Comment;
            _isAtStart = false;
            int next = cut.HasQuotes && !_isComment && Rows >= cut.Passed ? bytes[at..].IndexOfAny((byte)'\n', (byte)'"')
                : bytes[at..].IndexOf((byte)'\n');
            if (next < 0)
                break;
            at += next + 1;
            if (bytes[at - 1] == (byte)'"')
                _isQuoted = !_isQuoted;
            else if (!_isQuoted)
                (_isAtStart, End, Rows) = (true, Taken + at, Rows + 1);
        }

        Taken += bytes.Length;
    }
}
