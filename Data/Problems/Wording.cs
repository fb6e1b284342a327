using System.Text;

namespace Orleans.Tbptt.Data.Problems;

/// <summary>Formats numbers, names and excerpts of files for messages.</summary>
internal static class Wording
{
    private const int Longest = 40;

    /// <summary>An excerpt of a file in quotes: short, on one line, without control characters.</summary>
    public static string Quote(string text)
    {
        var shown = new StringBuilder("'");
        foreach (char c in text.Length <= Longest ? text : text[..Longest])
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c);
        return shown.Append(text.Length <= Longest ? "'" : "…'").ToString();
    }

    /// <summary>The same for bytes of a file that should be UTF-8.</summary>
    public static string Quote(ReadOnlySpan<byte> text) =>
        Quote(Encoding.UTF8.GetString(text.Length <= 4 * Longest ? text : text[..(4 * Longest)]));

    /// <summary>Names in quotes with commas, at most twelve of them.</summary>
    public static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(12).Select(Quote)) + (names.Count > 12 ? $" and {names.Count - 12} more" : "");

    /// <summary>A count with its noun: <c>1 row</c>, <c>12 rows</c>.</summary>
    public static string Count(long count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";

    /// <summary>A shape as NumPy writes it.</summary>
    public static string Shape(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}
