using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Finds out whether a file that is named as a text has rows of a table.</summary>
internal static class TextTable
{
    private const int HeadBytes = 1 << 16;
    private const int FewLines = 5;
    private const int MostLines = 100;

    /// <summary>What drafts of such a file say.</summary>
    public const string Note =
        "the lines are rows of a table, and read as such: for a text whose bytes are trained on, write data.source: bytes:PATH";

    /// <summary>
    /// Whether the first lines have as many cells each, and half of the cells below the first line, at least, are numbers or times.
    /// </summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool Is(string path)
    {
        byte[] head = new byte[HeadBytes];
        int count;
        using (FileStream file = File.OpenRead(path))
            count = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        string[] lines = Encoding.Latin1.GetString(head, 0, count).Split('\n');

        // The last one may be cut short.
        lines = [.. lines.Take(Math.Min(MostLines, lines.Length - 1)).Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)];
        return lines.Length >= FewLines && ";\t|,".Any(separator => IsTable(lines, separator));
    }

    private static bool IsTable(string[] lines, char separator)
    {
        string[][] rows = [.. lines.Select(line => line.Split(separator))];
        if (rows[0].Length < 2 || rows.Any(row => row.Length != rows[0].Length))
            return false;
        string[] cells = [.. rows.Skip(1).SelectMany(row => row)];
        return rows.Skip(1).All(row => row.Any(IsNumber))
            && cells.Count(cell => IsNumber(cell) || TimeCell.TryRead(cell.Trim(), dayFirst: true, out _)) * 2 >= cells.Length;
    }

    private static bool IsNumber(string cell) =>
        double.TryParse(cell.Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
