namespace Orleans.Tbptt.Training.Rounds;

/// <summary>What one trainer gives to a round. The difference belongs to the round once handed over: it sums in place.</summary>
/// <param name="DifferenceSum">What its steps have taken from each parameter, θ_start − θ_trainer, times <see cref="Weight"/>: <c>[parameters]</c>.</param>
/// <param name="Hidden">The hidden state of its lanes after the round.</param>
/// <param name="LossSums">Each step's loss, summed over the trainer's elements.</param>
/// <param name="Weights">Each step's elements.</param>
/// <param name="Averages">The running averages of its inner optimizer after the round.</param>
/// <param name="OptimizerCount">The updates that its inner optimizer has made.</param>
/// <param name="NotFinite">In words, what was not finite in the step after the last of <paramref name="LossSums"/>; null when all was.</param>
public readonly record struct RoundResult(
    Memory<float> DifferenceSum, ReadOnlyMemory<float> Hidden, IReadOnlyList<double> LossSums, IReadOnlyList<double> Weights,
    IReadOnlyList<ReadOnlyMemory<float>> Averages, long OptimizerCount, string? NotFinite = null)
{
    /// <summary>The elements of the round: a trainer counts by what it was trained on, so that idle lanes do not.</summary>
    public double Weight => Weights.Sum();
}
