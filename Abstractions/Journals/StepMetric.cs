namespace Orleans.Tbptt.Journals;

/// <summary>The figures of a step.</summary>
public enum StepMetric
{
    /// <summary><see cref="Runs.StepCommitted.Loss"/>.</summary>
    Loss,

    /// <summary><see cref="Runs.StepCommitted.GradientNorm"/>.</summary>
    GradientNorm,

    /// <summary><see cref="Runs.StepCommitted.DifferenceNorm"/>; NaN where a step has none.</summary>
    DifferenceNorm,

    /// <summary><see cref="Runs.StepCommitted.LearningRate"/>.</summary>
    LearningRate,

    /// <summary><see cref="Runs.StepCommitted.Weight"/>: what the loss sum was divided by, of all lanes.</summary>
    Weight,

    /// <summary><see cref="Runs.StepCommitted.Seconds"/>.</summary>
    Seconds,
}

/// <summary>The spread of one figure over some steps.</summary>
/// <param name="Min">The minimum of the finite values; positive infinity where there are none.</param>
/// <param name="Max">The maximum of the finite values; negative infinity where there are none.</param>
/// <param name="Sum">The sum of the finite values.</param>
/// <param name="Finite">How many values are finite.</param>
public readonly record struct Spread(double Min, double Max, double Sum, long Finite)
{
    /// <summary>The spread of no values.</summary>
    public static Spread None => new(double.PositiveInfinity, double.NegativeInfinity, 0, 0);

    /// <summary>The mean of the finite values; NaN where there are none.</summary>
    public double Mean => Sum / Finite;

    /// <summary>This spread and one more value.</summary>
    public Spread With(double value) => double.IsFinite(value)
        ? new(Math.Min(Min, value), Math.Max(Max, value), Sum + value, Finite + 1)
        : this;

    /// <summary>This spread and another one.</summary>
    public Spread With(Spread other) =>
        new(Math.Min(Min, other.Min), Math.Max(Max, other.Max), Sum + other.Sum, Finite + other.Finite);
}
