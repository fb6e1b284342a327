using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// Sums up what metrics need, in float64, of each group of a trainer's time steps apart: of each series where sequences are series, of
/// each lane otherwise.
/// </summary>
/// <remarks>
/// One trainer alone evaluates a group, in order of time, and <see cref="EvaluationTotals"/> adds the groups up in their own order: so no
/// bit depends on how many trainers there are, on where they live, or on which of them answered first.
/// </remarks>
/// <param name="held">The held-out sequences; their targets are values.</param>
/// <param name="targets">Values of a target.</param>
/// <param name="loss">Says what is predicted of a target; its point forecast is compared with it.</param>
/// <param name="lanes">Lanes of the run.</param>
/// <param name="block">The trainer's lanes.</param>
internal sealed class EvaluationSums(ISequenceSet held, int targets, LossSpec loss, int lanes, LaneBlock block)
{
    private readonly bool _bySeries = EvaluationTotals.IsBySeries(held, targets);
    private readonly int _kept = EvaluationTotals.Kept(held, targets, lanes);
    private readonly ValueMetrics _metrics = ValueMetrics.Of(loss);
    private readonly int _width = EvaluationTotals.Kept(held, targets, lanes) * ValueMetrics.Of(loss).Numbers;
    private readonly PredictedValue[] _predicted = [.. loss.Predictions];
    private readonly int _point = loss.Point;
    private readonly Dictionary<int, int> _places = [];
    private readonly int[] _touched = new int[block.Count];
    private int _touchedCount;
    private long _last = -1;
    private double[] _before = [];
    private double[] _sums = [];
    private float[] _gathered = [];
    private double[] _outputs = [];
    private double[] _targets = [];
    private double[] _predictions = [];

    /// <summary>The sums of every group so far.</summary>
    public GroupSums Groups
    {
        get
        {
            int[] groups = [.. _places.Keys.Order()];
            var values = new double[groups.Length * _width];
            for (int i = 0; i < groups.Length; i++)
                _sums.AsSpan(_places[groups[i]] * _width, _width).CopyTo(values.AsSpan(i * _width));
            return new(groups, values);
        }
    }

    /// <summary>Adds a chunk; chunk 0 begins anew, and a chunk that comes twice in a row counts once.</summary>
    /// <param name="chunk">The chunk's place in the evaluation's plan.</param>
    /// <param name="batch">The chunk.</param>
    /// <param name="outputs">What was predicted, <c>[batch.Rows, targets × predictions of a target]</c>.</param>
    public void Add(long chunk, ChunkBatch batch, ReadOnlySpan<float> outputs)
    {
        if (chunk == 0)
            Clear();
        else if (chunk == _last)
            TakeBack();
        Keep(batch);
        _last = chunk;
        for (int position = 0; position < batch.ActiveLanes.Length; position++)
        {
            var sums = _sums.AsSpan(_touched[position] * _width, _width);
            for (int target = 0; target < _kept; target++)
                Add(batch, position, target, outputs, sums.Slice(target * _metrics.Numbers, _metrics.Numbers));
        }
    }

    private void Clear()
    {
        Array.Clear(_sums);
        _places.Clear();
        _touchedCount = 0;
    }

    private void TakeBack()
    {
        for (int i = 0; i < _touchedCount; i++)
            _before.AsSpan(i * _width, _width).CopyTo(_sums.AsSpan(_touched[i] * _width, _width));
    }

    /// <summary>Finds the groups of a chunk, and keeps what they were before it.</summary>
    private void Keep(ChunkBatch batch)
    {
        var lanes = batch.ActiveLanes;
        if (_before.Length == 0)
            _before = new double[block.Count * _width];
        _touchedCount = lanes.Length;
        for (int i = 0; i < lanes.Length; i++)
        {
            int group = _bySeries ? batch.ChunkOf(lanes[i]).Sequence : block.First + lanes[i];
            if (!_places.TryGetValue(group, out int place))
                _places.Add(group, place = _places.Count);
            if (_sums.Length < (place + 1) * _width)
                Array.Resize(ref _sums, Math.Max((place + 1) * _width, 2 * _sums.Length));
            _touched[i] = place;
            _sums.AsSpan(place * _width, _width).CopyTo(_before.AsSpan(i * _width));
        }
    }

    /// <summary>Adds one lane's elements of one target: those that are not masked, in order of time.</summary>
    private void Add(ChunkBatch batch, int position, int target, ReadOnlySpan<float> outputs, Span<double> sums)
    {
        var chunk = batch.ChunkOf(batch.ActiveLanes[position]);
        int length = chunk.Length, perTarget = _predicted.Length;
        if (_gathered.Length < length)
        {
            (_gathered, _outputs, _targets) = (new float[length], new double[length], new double[length]);
            _predictions = new double[perTarget == 1 ? 0 : length * perTarget];
        }

        var slice = new SequenceSlice(chunk.Sequence, chunk.Start, length);
        batch.Gather(batch.TargetValues, position, targets, target, _gathered.AsSpan(0, length));
        held.ToUnits(slice, target, _gathered.AsSpan(0, length), _targets.AsSpan(0, length));
        for (int i = 0; i < perTarget; i++)
        {
            // The point forecast comes last, and stays.
            int one = (_point + 1 + i) % perTarget;
            batch.Gather(outputs, position, targets * perTarget, (target * perTarget) + one, _gathered.AsSpan(0, length));
            held.ToUnits(slice, target, _gathered.AsSpan(0, length), _outputs.AsSpan(0, length), _predicted[one].Units);
            for (int row = 0; row < length && perTarget > 1; row++)
                _predictions[(row * perTarget) + one] = _outputs[row];
        }

        _metrics.Add(
            _outputs.AsSpan(0, length), _targets.AsSpan(0, length), _predictions.AsSpan(0, perTarget == 1 ? 0 : length * perTarget),
            held.Units?.NaiveError(chunk.Sequence, target) ?? double.NaN, sums);
    }
}
