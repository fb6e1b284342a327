
namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// Where trainers make rounds of local steps, S(n) holds the state of each shard's inner optimizer, too, and n grows by a round.
/// </summary>
public sealed partial class TrainingState
{
    /// <summary>The state of each shard's inner optimizer, in order of shard; empty where trainers make no local steps.</summary>
    public IReadOnlyList<TrainerOptimizerState> TrainerOptimizers { get; }

    /// <summary>
    /// Takes the shards' rounds, in order of shard, and makes the update after them (DiLoCo, algorithm 1, outer optimization): average
    /// the differences by the elements that each shard was trained on, check, update by the outer optimizer, carry hidden states and
    /// inner optimizers. A round of masked targets alone makes no update.
    /// </summary>
    /// <returns><see cref="StepOutcome.Round"/> or <see cref="StepOutcome.Diverged"/>; then nothing was changed unless
    /// the update overflowed.</returns>
    public StepOutcome CommitRound(IReadOnlyList<RoundResult> shards)
    {
        if (Divergence.Find(Step, shards) is { } found)
            return new StepOutcome.Diverged(found);

        EnsureHiddenFits(shards.Sum(shard => (long)shard.Hidden.Length));

        // [steps], each over all shards
        int steps = shards[0].LossSums.Count;
        double[] lossSums =
            [.. Enumerable.Range(0, steps).Select(step => PairwiseTree.Sum([.. shards.Select(shard => shard.LossSums[step])]))];
        double[] weights =
            [.. Enumerable.Range(0, steps).Select(step => PairwiseTree.Sum([.. shards.Select(shard => shard.Weights[step])]))];
        double weight = PairwiseTree.Sum([.. shards.Select(shard => shard.Weight)]);
        var difference = MeanOf([.. shards.Select(shard => shard.DifferenceSum)], weight);
        double norm = GradientNorm.Of(difference);
        if (!double.IsFinite(norm) || !lossSums.All(double.IsFinite))
            return new StepOutcome.Diverged(
                $"step {Step + steps}: the sum over the shards overflows (loss {lossSums.Max()}, norm of the difference {norm})");

        if (weight > 0)
            Optimizer.Step(Parameters, difference, _spec.Sync.Outer!.Lr);
        bool isAverageFinite = true;
        if (weight > 0 && Average.IsTaking)
        {
            Average.Begin();
            isAverageFinite = Average.Take(0, Parameters);
        }

        if (!Optimizer.IsFinite || !isAverageFinite)
            return new StepOutcome.Diverged($"step {Step + steps}, the round's update: {Divergence.Describe(this, difference)}");
        Carry(shards.Select(shard => shard.Hidden));
        foreach (var (inner, shard) in TrainerOptimizers.Zip(shards))
            inner.Take(shard.Averages, shard.OptimizerCount);
        var hasher = HasherAt(Step + steps);
        var committed = new StepOutcome.Committed[steps];
        for (int i = 0; i < steps; i++)
        {
            Step++;
            EpochLossSum += lossSums[i];
            EpochWeight += weights[i];
            double loss = StepOutcome.Mean(lossSums[i], weights[i]);
            committed[i] = new(loss, double.NaN, _spec.LearningRateAt(Step - 1, Losses), weights[i], i == steps - 1 ? norm : null);
        }

        if (hasher is not null)
        {
            hasher.Begin();
            hasher.Add(0, Parameters.Length);
            committed[^1] = committed[^1] with { Hash = hasher.Finish() };
        }

        return new StepOutcome.Round(committed);
    }

    /// <summary>Sum over weight: never a mean of the shards' means, which would favour the elements of a small share.</summary>
    private static Span<float> MeanOf(IReadOnlyList<Memory<float>> sums, double weight)
    {
        PairwiseTree.SumInto(sums);
        var sum = sums[0].Span;
        System.Numerics.Tensors.TensorPrimitives.Divide(sum, weight > 0 ? (float)weight : 1, sum);
        return sum;
    }

    private void RestoreTrainerOptimizers(IReadOnlyList<TrainerOptimizerState> saved)
    {
        bool areOthers = saved.Count != TrainerOptimizers.Count;
        for (int i = 0; i < TrainerOptimizers.Count; i++)
        {
            if (areOthers && i == 0)
                TrainerOptimizers[0].TakeMean(saved);
            else
                TrainerOptimizers[i].Take(areOthers ? TrainerOptimizers[0] : saved[i]);
        }
    }
}
