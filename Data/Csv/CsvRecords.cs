namespace Orleans.Tbptt.Data.Csv;

/// <summary>Finds the rows of CSV text that is not all there yet.</summary>
/// <param name="comment">What lines begin with that are passed over; NUL for none.</param>
internal sealed class CsvRecords(char comment)
{
    /// <summary>The bytes of the first row with its line end; negative where that is not there yet.</summary>
    public int LengthOfFirst(ReadOnlySpan<byte> text)
    {
        if (IsComment(text))
            return text.IndexOf((byte)'\n') + 1 is > 0 and var length ? length : -1;
        bool isQuoted = false;
        for (int at = 0; at < text.Length;)
        {
            int next = text[at..].IndexOfAny((byte)'\n', (byte)'"');
            if (next < 0)
                return -1;
            at += next + 1;
            if (text[at - 1] == (byte)'"')
                isQuoted = !isQuoted;
            else if (!isQuoted)
                return at;
        }

        return -1;
    }

    /// <summary>Whether a row is one of data: no remark, and not empty.</summary>
    public bool IsData(ReadOnlySpan<byte> row) => !IsComment(row) && row.ContainsAnyExcept("\r\n \t"u8);

    private bool IsComment(ReadOnlySpan<byte> row) => comment != '\0' && row.Length > 0 && row[0] == (byte)comment;
}
