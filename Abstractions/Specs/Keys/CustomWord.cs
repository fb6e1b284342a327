using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Specs.Keys;

/// <summary>The words of choices that a program adds to those of Orleans.Tbptt: <c>custom/NAME</c>.</summary>
public static partial class CustomWord
{
    /// <summary>What they all begin with, so that no later version takes one for a choice of its own.</summary>
    public const string Prefix = "custom/";

    /// <summary>Whether a word is one of these.</summary>
    public static bool Is(string word) => word.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The word of a choice.</summary>
    /// <param name="name">1 to 40 of a-z, 0-9 and '-', beginning with a letter.</param>
    /// <exception cref="ArgumentException">The name is another one.</exception>
    public static string Of(string name) => Name().IsMatch(name) ? Prefix + name : throw new ArgumentException(
        $"found '{name}', expected a name of 1 to 40 of a-z, 0-9 and '-', beginning with a letter", nameof(name));

    [GeneratedRegex("^[a-z][a-z0-9-]{0,39}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
