using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>
/// Counts how the labels that are predicted for a trainer's lanes, each of which is a whole sequence, meet those of the targets.
/// </summary>
/// <remarks>As with <see cref="ClassSums"/>, counts are whole numbers, and a trainer has one group of all its lanes.</remarks>
/// <param name="blank">The class that stands for no label.</param>
/// <param name="group">The group, which no other trainer has: the trainer's first lane.</param>
internal sealed class LabelSums(int blank, int group) : IClassSums
{
    private readonly double[] _numbers = new double[LabelCounts.Numbers];
    private readonly double[] _pending = new double[LabelCounts.Numbers];
    private int[] _largest = [];
    private int[] _path = [];
    private int[] _labels = [];
    private long _last = -1;
    private int _added;

    /// <inheritdoc/>
    public GroupSums Groups => new([group], [.. _numbers.Zip(_pending, (sum, pending) => sum + pending)]);

    /// <inheritdoc/>
    public Span<int> Begin(long chunk, int rows)
    {
        if (chunk == 0)
            Array.Clear(_numbers);
        else if (chunk != _last)
        {
            for (int i = 0; i < _numbers.Length; i++)
                _numbers[i] += _pending[i];
        }

        (_last, _added) = (chunk, 0);
        Array.Clear(_pending);
        if (_largest.Length < rows)
            _largest = new int[rows];
        return _largest.AsSpan(0, rows);
    }

    /// <inheritdoc/>
    public void Add(ChunkBatch batch)
    {
        if (_path.Length < batch.Steps)
            (_path, _labels) = (new int[batch.Steps], new int[batch.Steps]);
        for (int position = 0; position < batch.ActiveLanes.Length; position++)
        {
            int steps = batch.RowsOf(position, _path), labels = batch.LabelsOf(position, _labels);
            for (int t = 0; t < steps; t++)
                _path[t] = _largest[_added + _path[t]];
            int predicted = LabelPath.Decode(_path.AsSpan(0, steps), blank);
            LabelCounts.Add(_path.AsSpan(0, predicted), _labels.AsSpan(0, labels), _pending);
        }

        _added += batch.Rows;
    }
}
