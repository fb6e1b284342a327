using System.Globalization;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Sweeps.Strategies;

/// <summary>From where a sweep takes the values of a key.</summary>
public enum SweepRange
{
    /// <summary>A list of values.</summary>
    Choice,

    /// <summary>All numbers between two, each equally likely.</summary>
    Uniform,

    /// <summary>All numbers between two, whose logarithms are equally likely.</summary>
    LogUniform,

    /// <summary>The whole numbers from one to another.</summary>
    Whole,

    /// <summary>The whole numbers from one to another, the logarithms of which are about equally likely.</summary>
    LogWhole,
}

/// <summary>A key of a run spec that a sweep varies, and what it may be.</summary>
public sealed record SweepParameter
{
    private const string Digits = "G6";

    /// <summary>The key, in dots: <c>train.optimizer.lr</c>.</summary>
    public required string Key { get; init; }

    /// <summary>What kind of values.</summary>
    public required SweepRange Range { get; init; }

    /// <summary>Of a choice, the values as YAML; empty otherwise.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The least number; 0 of a choice.</summary>
    public double Low { get; init; }

    /// <summary>The largest number, itself included; of a choice, the place of the last value.</summary>
    public double High { get; init; }

    /// <summary>How many values between the two, both included, a grid has; null where that is not said.</summary>
    public int? Points { get; init; }

    /// <summary>Whether a number stands for the place of a value, and near places are not alike.</summary>
    public bool IsChoice => Range == SweepRange.Choice;

    /// <summary>Whether only whole numbers are values.</summary>
    public bool IsWhole => Range is SweepRange.Whole or SweepRange.LogWhole;

    /// <summary>Whether the logarithm is what is searched.</summary>
    public bool IsLogarithmic => Range is SweepRange.LogUniform or SweepRange.LogWhole;

    /// <summary>How many values a grid has; null where it needs <see cref="Points"/>.</summary>
    public int? GridCount => IsChoice ? Choices.Count
        : Points ?? (Range == SweepRange.Whole ? (int)Math.Min(int.MaxValue, High - Low + 1) : null);

    /// <summary>A value of the grid.</summary>
    /// <param name="index">Which, from 0.</param>
    public double GridValue(int index)
    {
        if (IsChoice)
            return index;
        int last = GridCount!.Value - 1;
        double share = last == 0 ? 0 : (double)index / last;
        return index == last && last > 0 ? High : Rounded(FromScale(Low, High, share));
    }

    /// <summary>The value at a share of the range.</summary>
    /// <param name="share">From 0 to 1, 1 excluded.</param>
    public double At(double share) => IsChoice ? Math.Min((int)(share * Choices.Count), Choices.Count - 1)
        // A whole number has an equal part of the range, half of it on each side of it.
        : Range == SweepRange.Whole ? Rounded(Low - 0.5 + (share * (High - Low + 1)))
        : Range == SweepRange.LogWhole ? Rounded(FromScale(Low - 0.5, High + 0.5, share))
        : Rounded(FromScale(Low, High, share));

    /// <summary>A number as a spec can have it: whole where it must be, else of six digits, and within the range.</summary>
    public double Rounded(double value)
    {
        double rounded = IsWhole
            ? Math.Floor(value + 0.5)
            : double.Parse(value.ToString(Digits, CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture);
        return Math.Clamp(rounded, Low, High);
    }

    /// <summary>The value as YAML, as it stands behind the key.</summary>
    /// <param name="value">A number that this parameter gave.</param>
    public string Text(double value)
    {
        if (IsChoice)
            return Choices[(int)value];
        string digits = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return digits.Contains('e') && !digits.Contains('.') ? digits.Replace("e", ".0e", StringComparison.Ordinal) : digits;
    }

    /// <summary>Interpolates on the searched scale. Without a library's functions, whose last bits differ between systems.</summary>
    private double FromScale(double low, double high, double share)
    {
        if (!IsLogarithmic)
            return low + (share * (high - low));
        double first = PortableLogarithm.Of(low);
        return PortableExponential.Of(first + (share * (PortableLogarithm.Of(high) - first)));
    }
}
