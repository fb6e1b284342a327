namespace Orleans.Tbptt.Training.Steps;

/// <summary>One shard's result of a round. The receiver owns the difference and sums in place.</summary>
/// <param name="DifferenceSum">The difference θ_start − θ_shard, times <see cref="Weight"/>: <c>[parameters]</c>.</param>
/// <param name="Hidden">The hidden state of its lanes after the round.</param>
/// <param name="LossSums">Each step's loss, summed over the shard's elements.</param>
/// <param name="Weights">The number of elements of each step.</param>
/// <param name="Averages">The running averages of its inner optimizer after the round.</param>
/// <param name="OptimizerCount">The number of updates of its inner optimizer.</param>
/// <param name="NotFinite">A description of what was not finite in the step after the last of <paramref name="LossSums"/>; null when
/// everything was.</param>
public readonly record struct RoundResult(
    Memory<float> DifferenceSum, ReadOnlyMemory<float> Hidden, IReadOnlyList<double> LossSums, IReadOnlyList<double> Weights,
    IReadOnlyList<ReadOnlyMemory<float>> Averages, long OptimizerCount, string? NotFinite = null)
{
    /// <summary>The elements of the round: a shard counts by what it was trained on, so that idle lanes do not.</summary>
    public double Weight => Weights.Sum();
}
