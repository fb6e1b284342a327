using System.Text;
using System.Text.Unicode;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>The encodings of text that a CSV file may have.</summary>
internal static class CsvEncodings
{
    /// <summary>The words of the key; an empty value goes by the byte order mark.</summary>
    public static IReadOnlyList<Word<string>> Words { get; } =
    [
        new("auto", "", "by the byte order mark, UTF-8 without one"),
        new("utf-8", "utf-8", "UTF-8"),
        new("utf-16", "utf-16", "UTF-16, little-endian unless a byte order mark says otherwise"),
        new("utf-16be", "utf-16be", "UTF-16, big-endian"),
        new("latin1", "latin1", "ISO 8859-1"),
        new("windows-1252", "windows-1252", "Windows' Western European"),
    ];

    /// <summary>The word of an encoding.</summary>
    public static string WordOf(Encoding encoding) => encoding.CodePage switch
    {
        1200 => "utf-16",
        1201 => "utf-16be",
        28591 => "latin1",
        1252 => "windows-1252",
        _ => "utf-8",
    };

    /// <summary>The encoding of a file.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="head">Its first bytes.</param>
    /// <param name="named">The name in the spec; empty or null where it has none.</param>
    /// <exception cref="TableFormatException">The bytes cannot be of that encoding.</exception>
    public static Encoding Find(string path, ReadOnlySpan<byte> head, string? named)
    {
        Encoding? mark = head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) ? Encoding.Unicode
            : head.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]) ? Encoding.BigEndianUnicode
            : head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? Encoding.UTF8
            : null;
        if (string.IsNullOrEmpty(named))
        {
            if (mark is not null || !head.Contains((byte)0))
                return mark ?? Encoding.UTF8;
            throw HasPattern(head) is { } order
                ? Wrong($"text in UTF-16 without a byte order mark, {path}", "UTF-8", $"write data.encoding: {order}", order)
                : head.TrimEnd((byte)0).Contains((byte)0)
                ? new TableFormatException($"NUL bytes, as in a binary file: {path}", "text", "check that this is the right file")
                : new TableFormatException(
                    $"NUL bytes at the end of {path}, as where a program or a disk failed while it was written", "text",
                    "write the file again, or remove these bytes if all rows are there");
        }

        bool isUtf16 = named.StartsWith("utf-16", StringComparison.Ordinal);
        if (isUtf16 != (mark is { CodePage: not 65001 } || (mark is null && HasPattern(head) is not null)))
        {
            throw Wrong(
                $"{named}, and {path} is {(isUtf16 ? "no text in UTF-16" : "text in UTF-16")}", "the encoding of the file",
                "correct data.encoding, or leave it out");
        }

        return named switch
        {
            "utf-16" => mark ?? Encoding.Unicode,
            "utf-16be" => Encoding.BigEndianUnicode,
            "latin1" => Encoding.Latin1,
            "windows-1252" => CodePagesEncodingProvider.Instance.GetEncoding(1252)!,
            _ => Encoding.UTF8,
        };
    }

    /// <summary>Refuses a first line that is no UTF-8: a name in the spec could never match it.</summary>
    public static void CheckHead(string path, ReadOnlySpan<byte> head, int line)
    {
        int end = head.IndexOfAny((byte)'\n', (byte)'\r');

        // Without a line end, the last character may be incomplete.
        ReadOnlySpan<byte> first = end < 0 ? head[..Math.Max(0, head.Length - 4)] : head[..end];
        if (Utf8.IsValid(first))
            return;
        Span<char> decoded = new char[first.Length];
        Utf8.ToUtf16(first, decoded, out int at, out _, replaceInvalidSequences: false);
        throw Wrong(
            $"the byte 0x{first[Math.Min(at, first.Length - 1)]:X2} at {path}:{line}, which is no UTF-8", "text in UTF-8",
            "write data.encoding: windows-1252 (or latin1, utf-16), whichever the file has", "windows-1252");
    }

    private static TableFormatException Wrong(string found, string expected, string remedy, string? likeliest = null) =>
        new(found, expected, remedy)
        {
            Key = DataKeys.Encoding,
            Mend = likeliest is null ? null : source => ((CsvSource)source) with { Encoding = likeliest },
        };

    /// <summary>Which order of bytes has UTF-16 text of Latin letters: every other byte is NUL; null for no such text.</summary>
    private static string? HasPattern(ReadOnlySpan<byte> head)
    {
        int even = 0, odd = 0, pairs = Math.Min(head.Length, 4096) / 2;
        for (int i = 0; i < pairs * 2; i += 2)
        {
            even += head[i] == 0 ? 1 : 0;
            odd += head[i + 1] == 0 ? 1 : 0;
        }

        return odd * 10 > pairs * 7 && even * 10 < pairs ? "utf-16" : even * 10 > pairs * 7 && odd * 10 < pairs ? "utf-16be" : null;
    }
}
