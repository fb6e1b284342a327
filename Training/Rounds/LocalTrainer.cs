using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Rounds;

/// <summary>
/// One trainer's part in rounds of local steps (DiLoCo; Douillard et al., 2023, arXiv:2311.08105, algorithm 1, inner optimization): its own copy of the
/// parameters, its own optimizer, its own lanes; nobody else is asked between a round's first chunk and its last.
/// </summary>
/// <remarks>Bound to the thread that made the share's replica. What it returns is its own memory, and stays as it is until the next round.</remarks>
public sealed class LocalTrainer
{
    private readonly TrainSpec _train;
    private readonly TrainerShard _shard;
    private readonly IOptimizer _optimizer;
    private readonly float[] _parameters;
    private readonly float[] _gradient;
    private long? _step;

    /// <summary>Makes a trainer that stands at step 0, its optimizer without an update.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="shard">Its lanes and replica; not owned.</param>
    public LocalTrainer(RunSpec spec, TrainerShard shard)
    {
        (_train, _shard, _step) = (spec.Train, shard, 0);
        int length = shard.Replica.Layout.Length;
        _optimizer = Optimizer.Create(spec.Train.Optimizer, length);
        (_parameters, _gradient) = (new float[length], new float[length]);
        Averages = [.. _optimizer.Averages.Select(average => (ReadOnlyMemory<float>)average.Values)];
    }

    /// <summary>The running averages of the inner optimizer, in order; they change with every step.</summary>
    private IReadOnlyList<ReadOnlyMemory<float>> Averages { get; }

    /// <summary>Puts the inner optimizer at a committed state; the share's lanes are restored apart.</summary>
    /// <param name="step">Committed steps.</param>
    /// <param name="averages">The running averages after them, in order.</param>
    /// <param name="count">The updates that the inner optimizer had made.</param>
    /// <exception cref="ArgumentException">There are other running averages than the optimizer has.</exception>
    public void Restore(long step, IReadOnlyList<ReadOnlyMemory<float>> averages, long count)
    {
        if (averages.Count != Averages.Count)
            throw new ArgumentException($"found {averages.Count} running averages, expected {Averages.Count}", nameof(averages));
        for (int i = 0; i < averages.Count; i++)
            averages[i].CopyTo(_optimizer.Averages[i].Values);
        (_optimizer.Count, _step) = (count, step);
    }

    /// <summary>Whether it stands where a round from this step on begins. It keeps nothing of the round before: one that is run again is restored first.</summary>
    public bool CanTrain(long step) => step == _step;

    /// <summary>Runs a round: so many steps on the trainer's own lanes, each with an update of its own parameters.</summary>
    /// <param name="at">The round's first chunk.</param>
    /// <param name="chunks">The round's chunks, all of one epoch.</param>
    /// <param name="start">The parameters of S(step), the same for every trainer.</param>
    /// <param name="isAbandoned">Asked before every chunk: whether nobody wants the round any more.</param>
    /// <returns>Null when it was abandoned: then the trainer must be restored.</returns>
    public RoundResult? TrainRound(StepPosition at, int chunks, ReadOnlySpan<float> start, Func<bool> isAbandoned)
    {
        if (!CanTrain(at.Step))
            throw new InvalidOperationException($"asked for a round from step {at.Step}, but this trainer stands at {_step}");
        _step = null;
        var (lossSums, weights) = (new List<double>(chunks), new List<double>(chunks));
        string? notFinite = null;
        start.CopyTo(_parameters);
        for (int done = 0; done < chunks && notFinite is null; done++)
        {
            if (isAbandoned())
                return null;
            var step = at with { Step = at.Step + done, Chunk = at.Chunk + done };
            var (lossSum, weight) = _shard.TrainChunk(step, _parameters, _gradient);
            notFinite = Update(lossSum, weight);
            if (notFinite is null)
            {
                lossSums.Add(lossSum);
                weights.Add(weight);
            }
        }

        // An update can overflow by itself. Had an earlier one, the loss after it would have told.
        if (notFinite is null && Divergence.Describe(_parameters, _shard.Replica.Layout) is { } found)
        {
            notFinite = found;
            lossSums.RemoveAt(chunks - 1);
            weights.RemoveAt(chunks - 1);
        }

        // The gradient has done its work: its memory takes the difference.
        float elements = (float)weights.Sum();
        TensorPrimitives.Subtract(start, _parameters, _gradient);
        TensorPrimitives.Multiply<float>(_gradient, elements, _gradient);
        if (notFinite is null)
            _step = at.Step + chunks;
        return new(_gradient, _shard.Hidden, lossSums, weights, Averages, _optimizer.Count, notFinite);
    }

    /// <summary>Average over the trainer's own elements, check, clip, update. Without work there is nothing to learn, and no update.</summary>
    /// <returns>In words, what is not finite; null when all is.</returns>
    private string? Update(double lossSum, double weight)
    {
        if (weight == 0)
            return null;
        TensorPrimitives.Divide(_gradient, (float)weight, _gradient);
        double norm = GradientNorm.Of(_gradient);
        if (!double.IsFinite(lossSum) || !double.IsFinite(norm))
            return Divergence.Describe(lossSum, _gradient, _shard.Replica.Layout);
        if (_train.ClipNorm is { } limit)
            GradientNorm.Clip(_gradient, norm, limit);
        _optimizer.Step(_parameters, _gradient, _train.Optimizer.Lr);
        return null;
    }
}
