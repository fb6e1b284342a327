using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training;

/// <summary>What a shard's part of a chunk of held-out sequences gave.</summary>
/// <param name="LossSum">The loss summed over its elements.</param>
/// <param name="Weight">What that is divided by: its elements, without masked ones, where the loss counts them.</param>
/// <param name="Sums">With the last chunk, what metrics need of all chunks; null with the others.</param>
public readonly record struct EvaluatedChunk(double LossSum, double Weight, GroupSums? Sums);

/// <content>The evaluation of sequences that are held out.</content>
public sealed partial class TrainerShards
{
    private readonly EvaluatedChunk[] _evaluatedChunks;
    private readonly EvaluationSums?[][] _sums;
    private HeldOutPart _part;
    private int _needed;
    private long _evaluated = -1;
    private bool _hasEvaluated;
    private float[] _evaluationBefore;
    private float[] _evaluationAfter;
    private readonly IClassSums? _classes;
    private readonly OutputMap _map;
    private float[] _outputs = [];

    /// <summary>
    /// Runs one chunk of sequences that are held out, with a separate hidden state that chunk 0 zeroes. Repeating a chunk gives the same
    /// result.
    /// </summary>
    /// <param name="chunk">The chunk's index in the evaluation's plan, from 0.</param>
    /// <param name="parameters">The parameters; empty to keep those of the previous chunk.</param>
    /// <param name="areRounded">Whether they are known to be rounded as the wire rounds them.</param>
    /// <param name="part">The part that is held out.</param>
    /// <returns>What each shard gave, until the next chunk.</returns>
    /// <exception cref="InvalidOperationException">The chunk is neither the first, nor the next, nor the last one again.</exception>
    public ReadOnlySpan<EvaluatedChunk> EvaluateChunk(
        long chunk, ReadOnlySpan<float> parameters, bool areRounded = false, HeldOutPart part = HeldOutPart.Validation)
    {
        if (!parameters.IsEmpty)
            LoadParameters(parameters, areRounded);
        if (chunk == 0)
            Array.Clear(_evaluationBefore);
        else if (part != _part)
            throw new InvalidOperationException($"found evaluation chunk {chunk} of {part}, expected one of {_part}, or chunk 0");
        else if (chunk == _evaluated + 1 && _hasEvaluated)
            (_evaluationBefore, _evaluationAfter) = (_evaluationAfter, _evaluationBefore);
        else if (chunk != _evaluated)
            throw new InvalidOperationException($"found evaluation chunk {chunk}, expected chunk {_evaluated}");
        (_part, _evaluated, _hasEvaluated) = (part, chunk, false);
        var (plan, sums) = (_plans.HeldOut(part)!, _sums[(int)part]);
        _batch.Load(_data.HeldOut(part)!, plan, chunk);
        StartSequences(_batch, _evaluationBefore);
        Forward(chunk, needsOutputs: sums[0] is not null);
        _map.Apply(_outputs.AsSpan(0, _needed));
        for (int shard = 0, first = 0; shard < _shards.Length; shard++)
        {
            var batch = _batch[shard];
            int length = sums[shard] is null ? 0 : batch.Rows * _spec.Model.OutputSize!.Value;
            sums[shard]?.Add(chunk, batch, _outputs.AsSpan(first, length));
            first += length;
            _classes?.Add(batch);
            _evaluatedChunks[shard] = new(_lossSums[shard], WeightOf(shard), chunk == plan.Steps - 1 ? sums[shard]?.Groups : null);
        }

        // The trainer counts the classes of all its shards together.
        if (chunk == plan.Steps - 1 && _classes is not null)
            _evaluatedChunks[0] = _evaluatedChunks[0] with { Sums = _classes.Groups };

        _hasEvaluated = true;
        return _evaluatedChunks;
    }

    private void Forward(long chunk, bool needsOutputs)
    {
        (_needed, int rows) = (0, 0);
        for (int shard = 0; shard < _shards.Length; shard++)
            rows += _batch[shard].Rows;
        var largest = _classes is null ? [] : _classes.Begin(chunk, rows);
        for (int shard = 0; shard < _shards.Length && needsOutputs; shard++)
            _needed += _batch[shard].Rows * _spec.Model.OutputSize!.Value;
        if (_outputs.Length < _needed)
            _outputs = new float[_needed];
        var outputs = _outputs.AsSpan(0, _needed);
        if (_atOnce is not null)
        {
            _atOnce.Forward(_batch, _evaluationBefore, _evaluationAfter, outputs, largest, _lossSums);
            return;
        }

        for (int shard = 0; shard < _shards.Length; shard++)
        {
            int own = needsOutputs ? _batch[shard].Rows * _spec.Model.OutputSize!.Value : 0;
            _lossSums[shard] = _replica.Forward(
                _batch[shard], Of(shard, _evaluationBefore), Of(shard, _evaluationAfter), outputs[..own],
                largest.IsEmpty ? [] : largest[.._batch[shard].Rows]);
            outputs = outputs[own..];
            if (!largest.IsEmpty)
                largest = largest[_batch[shard].Rows..];
        }
    }
}
