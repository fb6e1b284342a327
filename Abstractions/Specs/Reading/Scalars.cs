using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What unquoted scalars mean: the core schema of YAML 1.2, less its hexadecimal, octal and non-finite numbers.</summary>
internal static partial class Scalars
{
    public static bool IsWhole(string text) => Whole().IsMatch(text);

    public static bool IsNumber(string text) => Number().IsMatch(text);

    /// <summary>Whether the core schema reads the unquoted scalar as text, so that it needs no quotes.</summary>
    public static bool IsText(string text) => !NotText().IsMatch(text);

    /// <summary>The number, infinite when it is too large; the text must be one.</summary>
    public static double ToDouble(string number) => double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Reads a whole number; false also when it does not fit.</summary>
    public static bool TryWhole(string text, out long value)
    {
        value = 0;
        return IsWhole(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    [GeneratedRegex(@"^[-+]?[0-9]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(
        @"^(|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|0o[0-7]+|0x[0-9a-fA-F]+"
        + @"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex NotText();
}
