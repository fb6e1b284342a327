using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>Outputs of a stretch of one sequence.</summary>
/// <param name="slice">The time steps.</param>
/// <param name="outputs">
/// What is predicted, as values are trained on, or scores of classes, <c>[slice.Length, outputs]</c>, row-major; valid during the call.
/// </param>
public delegate void PredictedChunk(SequenceSlice slice, ReadOnlySpan<float> outputs);

/// <summary>
/// Runs a trained model over sequences, the hidden state carried from chunk to chunk. Computes with the fused engine, in which no row
/// depends on another one: the outputs have the same bits however sequences are cut into chunks and put next to each other in lanes.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
public sealed class SequencePredictor : IDisposable
{
    private readonly DataShape _shape;
    private readonly FusedReplica _replica;
    private readonly LossSpec _loss;
    private readonly OutputMap _map;
    private readonly int _outputs;
    private readonly bool _wholes;
    private readonly float[] _initial;

    /// <summary>Loads a model.</summary>
    /// <param name="spec">Its spec, every size known.</param>
    /// <param name="shape">The shape of a time step; what targets would be does not matter, as long as they fit the loss.</param>
    /// <param name="parameters">The parameters, in the order of <see cref="ParameterLayout"/>.</param>
    public SequencePredictor(RunSpec spec, DataShape shape, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(spec);
        (_shape, _outputs) = (shape, spec.Model.OutputSize!.Value);
        (_loss, _map, _wholes) = (spec.Train.Loss, new(spec.Train.Loss), spec.TakesWholeSequences);
        _replica = new(spec.Model, spec.Train.Loss);
        _replica.LoadParameters(parameters);
        _initial = InitialState.Of(_replica.Layout, parameters);
    }

    /// <summary>Values of one sequence's hidden state, <c>[state][layer][unit]</c> (<see cref="CellSpec.StateNames"/>).</summary>
    public int HiddenLength => _replica.Layout.HiddenPerLane;

    /// <summary>The hidden states with which sequences start, <c>[sequences, HiddenLength]</c>: zero, or what was learned.</summary>
    public float[] Starts(long sequences = 1) => InitialState.Repeat(_initial, sequences);

    /// <summary>Runs sequences from their first to their last time step.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="lanes">How many of them at a time; each has its own hidden state.</param>
    /// <param name="chunk">Time steps of a chunk; sequences that the model takes whole (<see cref="RunSpec.TakesWholeSequences"/>) are not
    /// cut.</param>
    /// <param name="hidden">
    /// The hidden state of each sequence before its first time step, <c>[sequences.Count, HiddenLength]</c>; replaced by that after its
    /// last.
    /// </param>
    /// <param name="take">Receives the outputs: of each sequence in order of time, of different sequences in any order.</param>
    /// <returns>The loss summed over the elements of targets that are known, and what that is divided by, such as their number.</returns>
    public (double LossSum, double Weight) Run(ISequenceSet sequences, int lanes, int chunk, Span<float> hidden, PredictedChunk take)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentNullException.ThrowIfNull(take);
        lanes = Math.Max(1, Math.Min(lanes, sequences.Count));
        var plan = ChunkPlan.Create(sequences, lanes, _wholes ? ChunkSplit.OfCount(1) : ChunkSplit.OfLength(chunk));
        var block = new LaneBlock(0, lanes);
        var batch = new ChunkBatch(_shape);
        int state = HiddenLength;
        double lossSum = 0, weight = 0;
        float[] before = new float[lanes * state], after = new float[lanes * state], outputs = [], gathered = [];
        for (long step = 0; step < plan.Steps; step++)
        {
            batch.Load(sequences, plan, step, block);
            for (int lane = 0; lane < lanes; lane++)
            {
                if (batch.Resets[lane] && plan[step, lane] is { IsIdle: false } first)
                    hidden.Slice(first.Sequence * state, state).CopyTo(before.AsSpan(lane * state));
            }

            if (outputs.Length < batch.Rows * _outputs)
                outputs = new float[batch.Rows * _outputs];
            var rows = outputs.AsSpan(0, batch.Rows * _outputs);
            lossSum += _replica.Forward(batch, before, after, rows);
            weight += Loss.WeightOf(_loss, batch);
            _map.Apply(rows);
            for (int position = 0; position < batch.ActiveLanes.Length; position++)
            {
                int lane = batch.ActiveLanes[position];
                var part = plan[step, lane];
                if (gathered.Length < part.Length * _outputs)
                    gathered = new float[part.Length * _outputs];
                Gather(batch, position, rows, gathered);
                take(new(part.Sequence, part.Start, part.Length), gathered.AsSpan(0, part.Length * _outputs));
                after.AsSpan(lane * state, state).CopyTo(hidden[(part.Sequence * state)..]);
            }

            (before, after) = (after, before);
        }

        return (lossSum, weight);
    }

    /// <inheritdoc/>
    public void Dispose() => _replica.Dispose();

    private void Gather(ChunkBatch batch, int position, ReadOnlySpan<float> rows, Span<float> destination)
    {
        foreach (var segment in batch.Segments)
        {
            if (position >= segment.Lanes)
                break;
            for (int t = 0; t < segment.Steps; t++)
            {
                int row = segment.FirstRow + (t * segment.Lanes) + position;
                rows.Slice(row * _outputs, _outputs).CopyTo(destination[((segment.FirstTime + t) * _outputs)..]);
            }
        }
    }
}
