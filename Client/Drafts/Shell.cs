using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>Commands for a POSIX shell, which messages offer as remedies.</summary>
internal static partial class Shell
{
    /// <summary>A word as a shell reads it.</summary>
    public static string Word(string text) =>
        PlainWord().IsMatch(text) ? text : $"'{text.Replace("'", """'\''""", StringComparison.Ordinal)}'";

    [GeneratedRegex("^[A-Za-z0-9_./,:=+@%-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex PlainWord();
}
