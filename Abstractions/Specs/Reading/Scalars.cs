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

/// <summary>The range of a number, and how messages speak of it.</summary>
internal sealed record NumberRange(string Expected, string TooLow, string TooHigh, double Low, bool LowIncluded, double High)
{
    /// <summary>[0, 1).</summary>
    public static NumberRange Share { get; } = new("a number in [0, 1)", "raise it to 0 or more", "lower it below 1", 0, true, 1);

    /// <summary>(0, ∞).</summary>
    public static NumberRange Positive { get; } =
        new("a number greater than 0", "raise it above 0", "write a number below 1.8e308", 0, false, double.PositiveInfinity);

    /// <summary>[0, ∞).</summary>
    public static NumberRange NotNegative { get; } =
        new("a number of 0 or more", "raise it to 0 or more", "write a number below 1.8e308", 0, true, double.PositiveInfinity);

    /// <summary>What to do about a number; null when it fits.</summary>
    public string? Remedy(double value) =>
        value < Low || (value == Low && !LowIncluded) ? TooLow : value >= High ? TooHigh : null;
}
