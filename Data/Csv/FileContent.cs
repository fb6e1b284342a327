using System.Text;
using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>What the first bytes of a file show it to be.</summary>
internal enum Packing
{
    /// <summary>It is not compressed.</summary>
    None,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>Zstandard (RFC 8878).</summary>
    Zstd,
}

/// <summary>Recognises files by their first bytes.</summary>
internal static partial class FileContent
{
    /// <summary>How a file is compressed.</summary>
    public static Packing PackingOf(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) ? Packing.Gzip
        : head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) ? Packing.Zstd
        : Packing.None;

    /// <summary>Whether a file is compressed.</summary>
    public static bool IsPacked(byte[] head) => PackingOf(head) != Packing.None;

    /// <summary>What a file is that is no text, or no text of data: with what to do; null where it may be a table.</summary>
    public static (string Found, string Remedy)? Other(ReadOnlySpan<byte> head)
    {
        string start = Encoding.Latin1.GetString(head[..Math.Min(head.Length, 512)]);
        bool Is(string magic) => start.StartsWith(magic, StringComparison.Ordinal);
        if (Is("version https://git-lfs"))
            return ("a pointer of Git LFS in the place of the data", "fetch them by 'git lfs pull'");
        if (Is("PK\x03\x04") || Is("PK\x05\x06"))
        {
            return Encoding.Latin1.GetString(head).Contains("xl/", StringComparison.Ordinal)
                ? ("an Excel workbook", "export its sheet as CSV")
                : ("a ZIP archive", "unpack it");
        }

        if (Is("PAR1"))
            return ("a Parquet file", "read it as Parquet, or convert it to CSV");
        if (Is("ARROW1"))
            return ("an Arrow file", "read it as Arrow, or convert it to CSV");
        if (Is("\x89HDF"))
            return ("an HDF5 file", "read it as HDF5, or convert a data set of it to CSV");
        if (Is("\x93NUMPY"))
            return ("a NumPy array", "name it as npy:INPUTS,TARGETS");
        if (Is("%PDF"))
            return ("a PDF document", "export its table as CSV");
        if (Is("BZh"))
            return ("a file compressed by bzip2", "decompress it by bunzip2");
        if (Is("\xfd7zXZ"))
            return ("a file compressed by xz", "decompress it by unxz");
        if (Start(start).StartsWith('<'))
            return ("a page in HTML or XML", "download the data themselves");
        return null;
    }

    /// <summary>The same for JSON; null where a text is none.</summary>
    public static (string Found, string Remedy)? Json(ReadOnlySpan<byte> head)
    {
        string start = Start(Encoding.Latin1.GetString(head[..Math.Min(head.Length, 512)]));
        if (!JsonStart().IsMatch(start))
            return null;
        return start[0] == '{' ? ("JSON", "read it as jsonl:PATH where each line is an object, or convert it to CSV")
            : ("a list in JSON", "write its objects a line each, and read them as jsonl:PATH, or convert it to CSV");
    }

    private static string Start(string text) => text.TrimStart('\xef', '\xbb', '\xbf', ' ', '\t', '\r', '\n');

    [GeneratedRegex(@"^(\{\s*""|\[\s*[\[{])", RegexOptions.CultureInvariant)]
    private static partial Regex JsonStart();
}
