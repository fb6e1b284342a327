using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Rounds;

/// <summary>
/// One shard's part in rounds of local steps (DiLoCo; Douillard et al., 2023, arXiv:2311.08105, algorithm 1, inner optimization): its own
/// copy of the parameters, its own optimizer, its own lanes, without communication between a round's first chunk and its last. A trainer of
/// several shards has one for each of them.
/// </summary>
/// <remarks>Bound to the thread that created the shard's replica. Results are its own memory, unchanged until the next round.</remarks>
public sealed class LocalTrainer
{
    private readonly TrainSpec _train;
    private readonly TrainerShards _shard;
    private readonly IOptimizer _optimizer;
    private readonly float[] _parameters;
    private readonly float[] _gradient;
    private long? _step;

    /// <summary>Creates a trainer at step 0, its optimizer in the initial state.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="shard">One shard: its lanes, and the trainer's replica; not owned.</param>
    /// <exception cref="ArgumentException">There are several shards.</exception>
    public LocalTrainer(RunSpec spec, TrainerShards shard)
    {
        if (shard.Count != 1)
            throw new ArgumentException($"found {shard.Count} shards, expected 1: each has an optimizer of its own", nameof(shard));
        (_train, _shard, _step) = (spec.Train, shard, 0);
        int length = shard.Replica.Layout.Length;
        _optimizer = Optimizer.Create(spec.Train.Optimizer, length);
        (_parameters, _gradient) = (new float[length], new float[length]);
        Averages = [.. _optimizer.Averages.Select(average => (ReadOnlyMemory<float>)average.Values)];
    }

    /// <summary>The running averages of the inner optimizer, in order; they change with every step.</summary>
    private IReadOnlyList<ReadOnlyMemory<float>> Averages { get; }

    /// <summary>Restores the inner optimizer to a committed state; the shard's lanes are restored separately.</summary>
    /// <param name="step">Committed steps.</param>
    /// <param name="averages">The running averages after that step, in order.</param>
    /// <param name="count">The number of updates of the inner optimizer.</param>
    /// <exception cref="ArgumentException">The running averages do not match the optimizer's.</exception>
    public void Restore(long step, IReadOnlyList<ReadOnlyMemory<float>> averages, long count)
    {
        if (averages.Count != Averages.Count)
            throw new ArgumentException($"found {averages.Count} running averages, expected {Averages.Count}", nameof(averages));
        for (int i = 0; i < averages.Count; i++)
            averages[i].CopyTo(_optimizer.Averages[i].Values);
        (_optimizer.Count, _step) = (count, step);
    }

    /// <summary>
    /// Whether it can run the round that begins at a step. It keeps no state of the previous round: to repeat one, restore first.
    /// </summary>
    public bool CanTrain(long step) => step == _step;

    /// <summary>Runs a round: a number of steps on the shard's lanes, each with an update of its own parameters.</summary>
    /// <param name="at">The round's first chunk.</param>
    /// <param name="chunks">The number of chunks, all of one epoch.</param>
    /// <param name="start">The parameters of S(step), the same for every shard.</param>
    /// <param name="isAbandoned">Checked before every chunk: whether the round was abandoned.</param>
    /// <returns>Null when the round was abandoned; the trainer must then be restored.</returns>
    public RoundResult? TrainRound(StepPosition at, int chunks, ReadOnlySpan<float> start, Func<bool> isAbandoned)
    {
        if (!CanTrain(at.Step))
            throw new InvalidOperationException($"found a round from step {at.Step}, expected step {_step}");
        _step = null;
        var (lossSums, weights) = (new List<double>(chunks), new List<double>(chunks));
        string? notFinite = null;
        start.CopyTo(_parameters);
        for (int done = 0; done < chunks && notFinite is null; done++)
        {
            if (isAbandoned())
                return null;
            var step = at with { Step = at.Step + done, Chunk = at.Chunk + done };
            var (lossSum, weight) = _shard.TrainChunk(step, _parameters, _gradient)[0];
            notFinite = Update(step.Step, lossSum, weight);
            if (notFinite is null)
            {
                lossSums.Add(lossSum);
                weights.Add(weight);
            }
        }

        // The gradient is no longer needed: its memory is reused for the difference.
        float elements = (float)weights.Sum();
        TensorPrimitives.Subtract(start, _parameters, _gradient);
        TensorPrimitives.Multiply<float>(_gradient, elements, _gradient);
        if (notFinite is null)
            _step = at.Step + chunks;
        return new(_gradient, _shard.Hidden, lossSums, weights, Averages, _optimizer.Count, notFinite);
    }

    /// <summary>
    /// Averages over the shard's own elements, checks, clips, updates. Without elements, all lanes idle or masked, there is no update.
    /// </summary>
    /// <returns>A description of what is not finite; null when everything is.</returns>
    private string? Update(long step, double lossSum, double weight)
    {
        if (weight == 0)
            return null;
        TensorPrimitives.Divide(_gradient, (float)weight, _gradient);
        double norm = GradientNorm.Of(_gradient);
        if (!double.IsFinite(lossSum) || !double.IsFinite(norm))
            return Divergence.Describe(lossSum, _gradient, _shard.Replica.Layout);
        Clipping.Apply(_train, _gradient, norm);

        // No schedule of local steps depends on the losses of epochs.
        _optimizer.Step(_parameters, _gradient, _train.LearningRateAt(step, []));
        return _optimizer.IsFinite ? null : Divergence.Describe(_optimizer, _parameters, _gradient, _shard.Replica.Layout);
    }
}
