using System.Numerics.Tensors;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Explaining;

/// <summary>Takes steps apart by lanes, and a lane's chunk by time steps. Changes no state.</summary>
internal sealed class StepProbe : IDisposable
{
    private readonly RunSpec _spec;
    private readonly IDataSource _data;
    private readonly EpochPlans _plans;
    private readonly FusedReplica _replica;
    private readonly TrainerShards[] _lanes;
    private readonly float[] _gradient;
    private readonly float[] _total;

    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="data">Its data; not owned.</param>
    public StepProbe(RunSpec spec, IDataSource data)
    {
        (_spec, _data, _plans) = (spec, data, new(spec, data));
        _replica = new(spec.Model, spec.Train.Loss);

        // A lane's numbers do not depend on the lanes next to it: each is a trainer of one lane, and all share a network.
        _lanes = [.. Enumerable.Range(0, spec.Data.BatchSize).Select(lane => new TrainerShards(spec, data, [new(lane, 1)], _replica))];
        (_gradient, _total) = (new float[_replica.Layout.Length], new float[_replica.Layout.Length]);
    }

    /// <summary>Whether a lane's chunk can be taken apart by time steps: the loss of its first ones is a part of its loss.</summary>
    public bool HasPieces => !_spec.Tbptt.Backprop.IsFull && LaneState.States(_spec) == 1 && !_spec.Model.Bidirectional
        && _spec.Train.Loss.BlankClass is null && _spec.Train.Loss.CountsElements;

    /// <summary>Takes the step apart that comes next.</summary>
    /// <param name="state">The state before it.</param>
    /// <param name="at">Its chunk.</param>
    /// <param name="withShares">Whether lanes' shares of the gradient are wanted, which takes as long again.</param>
    public StepFigures Of(TrainingState state, StepPosition at, bool withShares)
    {
        var plan = _plans.Training(at.Epoch);
        var found = new List<(int Lane, double LossSum, double Weight, double Norm)>();
        Array.Clear(_total);
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            if (plan[at.Chunk, lane].IsIdle)
                continue;
            var (lossSum, weight) = Run(state, at, lane);
            found.Add((lane, lossSum, weight, GradientNorm.Of(_gradient)));
            TensorPrimitives.Add(_total, _gradient, _total);
        }

        double all = found.Sum(one => one.Weight), norm = GradientNorm.Of(_total), over = Math.Max(1, all);
        var shares = new double[_lanes.Length];
        Array.Fill(shares, double.NaN);
        foreach (var (lane, _, _, _) in withShares ? found : [])
        {
            Run(state, at, lane);
            shares[lane] = Dot(_gradient, _total) / (norm * norm);
        }

        return new(
            at.Step + 1, at, StepOutcome.Mean(found.Sum(one => one.LossSum), all), norm / over,
            [.. found.Select(one => new LaneFigures(
                one.Lane, plan[at.Chunk, one.Lane], StepOutcome.Mean(one.LossSum, one.Weight), one.Weight, one.Norm / over,
                shares[one.Lane]))]);
    }

    /// <summary>Takes a lane's chunk apart by time steps.</summary>
    /// <param name="state">The state before the step.</param>
    /// <param name="step">The step.</param>
    /// <param name="lane">The lane's figures.</param>
    /// <param name="pieces">How many parts at most.</param>
    public IReadOnlyList<PieceFigures> Pieces(TrainingState state, StepFigures step, LaneFigures lane, int pieces)
    {
        var chunk = lane.Chunk;
        var batch = new ChunkBatch(_data.Shape);
        var masks = new DropoutMasks(_spec.Seed, step.At.Step, lane.Lane, _spec.Model.Dropout);
        float[] before = state.Hidden.AsSpan(lane.Lane * state.PerLane, state.PerLane).ToArray(), after = new float[before.Length];
        if (chunk.Reset)
            Array.Clear(before);
        if (chunk.Reset && chunk.StartsSequence && _replica.Layout.InitialState is not null)
            InitialState.Of(_replica.Layout, state.Parameters).CopyTo(before, 0);
        _replica.LoadParameters(state.Parameters);
        double over = Math.Max(1, step.Lanes.Sum(one => one.Weight)), lossBefore = 0, weightBefore = 0;
        var found = new List<PieceFigures>();
        Array.Clear(_total);
        int length = Math.Max(1, (chunk.Length + pieces - 1) / pieces);
        for (int start = 0; start < chunk.Length; start += length)
        {
            // The first time steps up to the part's end, less those before it.
            int end = Math.Min(chunk.Length, start + length);
            batch.LoadOne(_data.Training, chunk.UpTo(end));
            double loss = _replica.ForwardBackward(batch, masks, before, after, _gradient), weight = Loss.WeightOf(_spec.Train.Loss, batch);
            TensorPrimitives.Subtract(_gradient, _total, _total);
            double norm = GradientNorm.Of(_total);
            _gradient.CopyTo(_total, 0);
            found.Add(new(
                chunk.Start + start, end - start, StepOutcome.Mean(loss - lossBefore, weight - weightBefore), norm / over));
            (lossBefore, weightBefore) = (loss, weight);
        }

        return found;
    }

    /// <summary>What a lane is trained on in a step.</summary>
    public LaneChunk ChunkOf(StepPosition at, int lane) => _plans.Training(at.Epoch)[at.Chunk, lane];

    /// <summary>The gradient of the loss sum of the lane that <see cref="Run"/> was called for last.</summary>
    public ReadOnlySpan<float> Gradient => _gradient;

    /// <inheritdoc/>
    public void Dispose() => _replica.Dispose();

    /// <summary>Computes a lane's part of the step that comes next.</summary>
    /// <param name="state">The state before it.</param>
    /// <param name="at">Its chunk.</param>
    /// <param name="lane">The lane, from 0.</param>
    public ShardLoss Run(TrainingState state, StepPosition at, int lane)
    {
        _lanes[lane].Restore(at.Step, state.Hidden.AsSpan(lane * state.PerLane, state.PerLane));
        return _lanes[lane].TrainChunk(at, state.Parameters, _gradient)[0];
    }

    private static double Dot(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        double sum = 0;
        for (int i = 0; i < one.Length; i++)
            sum += (double)one[i] * other[i];
        return sum;
    }
}
