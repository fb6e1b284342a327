using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Verifying;

/// <summary>Compares steps by the bits of what is published of them.</summary>
internal static class PublishedBits
{
    private const string Hash = "the hash of the state";

    /// <summary>How a step that was computed differs from the published one; null where it does not.</summary>
    /// <param name="one">The step as it was computed.</param>
    /// <param name="published">The step as it was published.</param>
    /// <param name="isHashed">Whether both have a hash of the state, and nothing before it differs.</param>
    public static Unequal? Difference(ReplayedStep one, StepCommitted published, out bool isHashed)
    {
        isHashed = false;
        if (Figures(one.Step, FiguresOf(one.Outcome), FiguresOf(published)) is { } figure)
            return figure;
        if (published.StateHash is not { } expected || HashOf(one) is not { } found)
            return null;
        isHashed = true;
        return found == expected ? null : new(one.Step, Hash, $"{found}", $"{expected}");
    }

    /// <summary>How a step that two runs have published differs: that of the first, and of the second; null where it does not.</summary>
    public static Unequal? Difference(StepCommitted a, StepCommitted b) =>
        Figures(a.Step, FiguresOf(a), FiguresOf(b))
        ?? (a.StateHash is { } one && b.StateHash is { } other && one != other ? new(a.Step, Hash, $"{one}", $"{other}") : null);

    /// <summary>How a step differs that was computed in two runs; null where it does not.</summary>
    public static Unequal? Difference(ReplayedStep a, ReplayedStep b) =>
        Figures(a.Step, FiguresOf(a.Outcome), FiguresOf(b.Outcome))
        ?? (HashOf(a) is { } one && HashOf(b) is { } other && one != other ? new(a.Step, Hash, $"{one}", $"{other}") : null);

    private static StateHash? HashOf(ReplayedStep step) => step.Outcome.Hash ?? step.State?.Hash();

    private static (double, double, double, double) FiguresOf(StepOutcome.Committed step) =>
        (step.Loss, step.GradientNorm, step.LearningRate, step.Weight);

    private static (double, double, double, double) FiguresOf(StepCommitted step) =>
        (step.Loss, step.GradientNorm, step.LearningRate, step.Weight);

    private static Unequal? Figures(
        long step, (double Loss, double Norm, double Rate, double Weight) a, (double Loss, double Norm, double Rate, double Weight) b) =>
        Compare(step, "the loss", a.Loss, b.Loss) ?? Compare(step, "the gradient norm", a.Norm, b.Norm)
        ?? Compare(step, "the learning rate", a.Rate, b.Rate) ?? Compare(step, "the weight", a.Weight, b.Weight);

    private static Unequal? Compare(long step, string what, double one, double other) =>
        BitConverter.DoubleToInt64Bits(one) == BitConverter.DoubleToInt64Bits(other) || (double.IsNaN(one) && double.IsNaN(other)) ? null
            : new(step, what, Exact(one), Exact(other));

    private static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
