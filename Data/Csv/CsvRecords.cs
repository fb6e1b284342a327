using Orleans.Tbptt.Data.Files;

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

    /// <summary>The bytes of a file above its rows: lines that are passed over, and the header; and how many lines they are.</summary>
    /// <param name="path">The file, which has them.</param>
    /// <param name="source">Says how it is written.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static (byte[] Bytes, long Lines) HeadOf(string path, CsvSource source)
    {
        var records = new CsvRecords(source.Comment is { Length: 1 } one ? one[0] : '\0');
        for (int size = CsvText.HeadBytes; ; size *= 2)
        {
            byte[] bytes = new byte[size];
            using var file = new PartStream(path, new(0, long.MaxValue));
            int read = file.ReadAtLeast(bytes, size, throwOnEndOfStream: false), at = 0, rows = 0;
            while (rows < source.SkipRows + source.HeaderRows)
            {
                // What is passed over has lines, and no rows: a quote there opens nothing.
                ReadOnlySpan<byte> left = bytes.AsSpan(at, read - at);
                bool isPassed = rows < source.SkipRows;
                int length = isPassed ? left.IndexOf((byte)'\n') + 1 : records.LengthOfFirst(left);
                if (length <= 0)
                    break;
                rows += isPassed || records.IsData(left[..length]) ? 1 : 0;
                at += length;
            }

            if (rows == source.SkipRows + source.HeaderRows || read < size)
                return (bytes[..at], bytes.AsSpan(0, at).Count((byte)'\n'));
        }
    }

    private bool IsComment(ReadOnlySpan<byte> row) => comment != '\0' && row.Length > 0 && row[0] == (byte)comment;
}
