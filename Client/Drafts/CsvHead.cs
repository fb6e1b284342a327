using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Looks at the first bytes of a file: whether it is a CSV file with commas and a header on its first line.</summary>
internal static partial class CsvHead
{
    private const int Bytes = 64 << 10;
    private const int Lines = 50;

    /// <summary>Refuses a file that is not.</summary>
    /// <exception cref="DataFaultException">It is not; names what it is and how to convert it.</exception>
    public static void Check(string path)
    {
        byte[] head = Read(path);
        if (OtherFormat(head, path) is { } other)
            throw new DataFaultException(path, other);
        string text = Decode(head, path);
        string[] lines = [.. text.ReplaceLineEndings("\n").Split('\n').Take(Lines)];
        // The last line of a part of a file is incomplete.
        if (head.Length == Bytes && lines.Length > 1)
            lines = lines[..^1];
        if ((Separators(lines, path) ?? Preamble(lines, path) ?? NoHeader(lines, path)) is { } fault)
            throw new DataFaultException(path, fault);
    }

    private static byte[] Read(string path)
    {
        using var file = File.OpenRead(path);
        byte[] head = new byte[Math.Min(Bytes, file.Length)];
        file.ReadExactly(head);
        return head;
    }

    private static DataFault? OtherFormat(byte[] head, string path)
    {
        string word = Shell.Word(path);
        string start = Encoding.Latin1.GetString(head, 0, Math.Min(head.Length, 64));
        if (head.Length == 0)
            return new("an empty file", "a header and rows of numbers", "check how the file was made");
        if (start.StartsWith("\x1f\x8b", StringComparison.Ordinal))
            return new("a file compressed by gzip", "text", Shell.Convert($"gzip -dc < {word}", path, "plain"));
        if (start.StartsWith("PK\x03\x04", StringComparison.Ordinal))
            return new("a ZIP archive, perhaps a spreadsheet", "text", "unpack it, or export the spreadsheet's sheet as CSV");
        if (start.StartsWith("PAR1", StringComparison.Ordinal))
            return new("a Parquet file", "text", "convert it to CSV, for example with DuckDB or pandas");
        if (start.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            return new("a pointer of Git LFS in place of the data", "the data", $"fetch them:{Shell.Line("git lfs pull")}");
        if (start.TrimStart().StartsWith('<'))
            return new("a page in HTML or XML", "a header and rows of numbers", "download the data themselves");
        if (start.StartsWith("\xff\xfe", StringComparison.Ordinal) || start.StartsWith("\xfe\xff", StringComparison.Ordinal))
            return new("text in UTF-16", "UTF-8", Shell.Convert($"iconv -f utf-16 -t utf-8 {word}", path, "utf8"));
        return head.Contains((byte)0) ? new("a binary file", "text", "convert it to CSV") : null;
    }

    private static string Decode(byte[] head, string path)
    {
        int header = Array.IndexOf(head, (byte)'\n') is >= 0 and var end ? end : head.Length;
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(head, 0, header);
        }
        catch (DecoderFallbackException exception)
        {
            throw new DataFaultException(path, new DataFault(
                $"the byte 0x{exception.BytesUnknown?[0]:X2} in the first line, which is no UTF-8", "a header in UTF-8",
                Shell.Convert($"iconv -f latin1 -t utf-8 {Shell.Word(path)}", path, "utf8")));
        }

        return Encoding.UTF8.GetString(head).TrimStart('\uFEFF');
    }

    private static DataFault? Separators(string[] lines, string path)
    {
        string[] full = [.. lines.Where(line => line.Length > 0)];
        foreach (char separator in ";\t|")
        {
            int count = full[^1].Count(character => character == separator);
            // As many in the last lines as in the first ones, and more than commas would explain.
            if (count == 0 || full.Any(line => line.Contains('"')) || full.Count(line => line.Count(c => c == separator) == count) * 10
                < full.Length * 9)
                continue;
            bool decimalCommas = full.Skip(1).SelectMany(line => line.Split(separator)).Any(cell => DecimalComma().IsMatch(cell));
            string name = separator == '\t' ? "tabs" : $"'{separator}'";
            string from = separator == '\t' ? @"\t" : $"{separator}";
            if (!decimalCommas && full.All(line => line.Contains(',')))
                continue;
            return decimalCommas
                ? new($"columns separated by {name}, and decimal commas", "columns separated by commas, and decimal points",
                    Shell.Convert($"tr ',{from}' '.,' < {Shell.Word(path)}", path, "commas"))
                : new($"columns separated by {name}", "columns separated by commas",
                    Shell.Convert($"tr '{from}' ',' < {Shell.Word(path)}", path, "commas"));
        }

        return null;
    }

    /// <summary>Lines above the header: remarks, a title.</summary>
    private static DataFault? Preamble(string[] lines, string path)
    {
        int[] widths = [.. lines.Where(line => line.Length > 0).Select(line => Commas(line)).Reverse().Take(10)];
        int usual = widths.Length == 0 ? 0 : widths.GroupBy(width => width).MaxBy(group => group.Count())!.Key;
        int first = Array.FindIndex(lines, line =>
            !line.StartsWith('#') && !line.StartsWith('%') && (usual == 0 ? line.Trim().Length > 0 : Commas(line) >= usual));
        // A header may begin with '#': then numbers follow at once, and no other line stands above them.
        if (first <= 0 || (first == 1 && Commas(lines[0]) == usual))
            return null;
        return new(
            $"{Text.Plural(first, "line")} above the header, such as '{Text.OneLine(lines[0])}'", "the header on line 1",
            Shell.Convert($"tail -n +{first + 1} {Shell.Word(path)}", path, "plain"));
    }

    /// <summary>Commas outside of quotes.</summary>
    private static int Commas(string line) => line.Split('"').Where((_, index) => index % 2 == 0).Sum(part => part.Count(c => c == ','));

    private static DataFault? NoHeader(string[] lines, string path)
    {
        string[] cells = lines[0].Split(',');
        if (!cells.All(cell => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _)))
            return null;
        string names = string.Join(',', cells.Select((_, index) => $"c{index + 1}"));
        return new($"numbers on line 1: {Text.Fit(Text.OneLine(lines[0]), 60)}", "a header with the columns' names",
            Shell.Convert($"(echo {names}; cat {Shell.Word(path)})", path, "named"));
    }

    [GeneratedRegex(@"^\s*-?\d+,\d+\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex DecimalComma();
}
