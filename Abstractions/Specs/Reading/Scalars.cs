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

/// <summary>The range of a number, and how messages speak of it. Training counts in float32, so no number goes beyond that.</summary>
/// <param name="Expected">The range in words.</param>
/// <param name="TooLow">What to do about a number below it.</param>
/// <param name="TooHigh">What to do about a number above it.</param>
/// <param name="Low">The least number.</param>
/// <param name="High">The largest number.</param>
internal sealed record NumberRange(string Expected, string TooLow, string TooHigh, double Low, double High)
{
    /// <summary>[0, 1).</summary>
    public static NumberRange Share { get; } =
        new("a number in [0, 1)", "raise it to 0 or more", "lower it below 1", 0, Math.BitDecrement(1.0));

    /// <summary>A learning rate. One above 1e30 is never meant, and makes every weight infinite.</summary>
    public static NumberRange Rate { get; } =
        new("a number greater than 0 and at most 1e30", "raise it above 0", "lower it to 1e30 or less", float.Epsilon, 1e30);

    /// <summary>(0, ∞) of float32.</summary>
    public static NumberRange Positive { get; } =
        new("a number greater than 0 and at most 3.4e38", "raise it above 0", "lower it to 3.4e38 or less", float.Epsilon, float.MaxValue);

    /// <summary>[0, ∞) of float32.</summary>
    public static NumberRange NotNegative { get; } =
        new("a number from 0 to 3.4e38", "raise it to 0 or more", "lower it to 3.4e38 or less", 0, float.MaxValue);

    /// <summary>What keeps a denominator from 0: a normal float32, for smaller ones may be taken as 0, and a gradient of 0 gives 0/0.</summary>
    public static NumberRange Denominator { get; } = new(
        "a number from 1.2e-38 to 3.4e38", "raise it to 1.2e-38 or more, or a gradient of 0 is divided by 0", "lower it to 3.4e38 or less",
        LeastNormal, float.MaxValue);

    // 2⁻¹²⁶
    private const double LeastNormal = 1.1754943508222875e-38;

    /// <summary>What to do about a number; null when it fits.</summary>
    public string? Remedy(double value) => value switch
    {
        _ when value > High => TooHigh,
        _ when value >= Low => null,
        > 0 when Low == float.Epsilon => "raise it, for as a float32 it is 0",
        _ => TooLow,
    };
}
