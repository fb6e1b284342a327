namespace Orleans.Tbptt.Specs.Keys;

/// <summary>The range of a number, and how messages speak of it. Training counts in float32, so no number goes beyond that.</summary>
/// <param name="Expected">The range in words, which begin with "a number".</param>
/// <param name="TooLow">What to do about a number below it.</param>
/// <param name="TooHigh">What to do about a number above it.</param>
/// <param name="Low">The least number.</param>
/// <param name="High">The largest number.</param>
public sealed record NumberRange(string Expected, string TooLow, string TooHigh, double Low, double High)
{
    /// <summary>[0, 1).</summary>
    public static NumberRange Share { get; } =
        new("a number in [0, 1)", "raise it to 0 or more", "lower it below 1", 0, Math.BitDecrement(1.0));

    /// <summary>(0, 1).</summary>
    public static NumberRange Inner { get; } = new(
        "a number greater than 0 and less than 1", "raise it above 0", "lower it below 1", float.Epsilon, Math.BitDecrement(1.0));

    /// <summary>[0, 1].</summary>
    public static NumberRange Unit { get; } = new("a number from 0 to 1", "raise it to 0 or more", "lower it to 1 or less", 0, 1);

    /// <summary>(0, 1].</summary>
    public static NumberRange Factor { get; } =
        new("a number greater than 0 and at most 1", "raise it above 0", "lower it to 1 or less", float.Epsilon, 1);

    /// <summary>[1, ∞) of float32.</summary>
    public static NumberRange AtLeastOne { get; } =
        new("a number from 1 to 3.4e38", "raise it to 1 or more", "lower it to 3.4e38 or less", 1, float.MaxValue);

    /// <summary>A learning rate. One above 1e30 is never meant, and makes every weight infinite.</summary>
    public static NumberRange Rate { get; } =
        new("a number greater than 0 and at most 1e30", "raise it above 0", "lower it to 1e30 or less", float.Epsilon, 1e30);

    /// <summary>(0, ∞) of float32.</summary>
    public static NumberRange Positive { get; } =
        new("a number greater than 0 and at most 3.4e38", "raise it above 0", "lower it to 3.4e38 or less", float.Epsilon, float.MaxValue);

    /// <summary>[0, ∞) of float32.</summary>
    public static NumberRange NotNegative { get; } =
        new("a number from 0 to 3.4e38", "raise it to 0 or more", "lower it to 3.4e38 or less", 0, float.MaxValue);

    /// <summary>
    /// What keeps a denominator from 0: a normal float32, because smaller ones may be taken as 0, and a gradient of 0 gives 0/0.
    /// </summary>
    public static NumberRange Denominator { get; } = new(
        "a number from 1.2e-38 to 3.4e38", "raise it to 1.2e-38 or more, or a gradient of 0 is divided by 0", "lower it to 3.4e38 or less",
        LeastNormal, float.MaxValue);

    // 2⁻¹²⁶
    private const double LeastNormal = 1.1754943508222875e-38;

    /// <summary>What to do about a number; null when it fits.</summary>
    public string? Remedy(double value)
    {
        if (value > High)
            return TooHigh;
        if (value >= Low)
            return null;
        return value > 0 && Low == float.Epsilon ? "raise it, for as a float32 it is 0" : TooLow;
    }
}
