using System.Globalization;
using System.Text;

namespace Orleans.Tbptt.Specs;

/// <summary>Puts what a document holds into messages: short, and without characters that would confuse a terminal.</summary>
internal static class Show
{
    public static string Quote(string text) => $"\"{Clean(text)}\"";

    /// <summary>Shortens a text and replaces what cannot be printed.</summary>
    public static string Clean(string text, int limit = 80)
    {
        var clean = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length >= limit)
                return clean.Append('…').ToString();
            clean.Append(IsPrintable(rune) ? rune.ToString() : rune.Value <= 0xffff ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}");
        }

        return clean.ToString();
    }

    /// <summary>Whether every character can be seen (or is a space), and none is half of a surrogate pair.</summary>
    public static bool IsPrintable(string text) => text.EnumerateRunes().All(IsPrintable);

    /// <summary>"a, b or c".</summary>
    public static string Or(IReadOnlyList<string> words) => Join(words, "or");

    /// <summary>"a, b and c".</summary>
    public static string And(IReadOnlyList<string> words) => Join(words, "and");

    private static string Join(IReadOnlyList<string> words, string last) =>
        words.Count < 2 ? string.Concat(words) : $"{string.Join(", ", words.SkipLast(1))} {last} {words[^1]}";

    // EnumerateRunes gives U+FFFD for half a surrogate pair; a file has no use for that character itself.
    private static bool IsPrintable(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate);
}
