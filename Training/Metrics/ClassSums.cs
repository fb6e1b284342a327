using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Counts how the classes that are predicted for a trainer's lanes meet those of the targets.</summary>
/// <remarks>
/// Counts are whole numbers below 2⁵³, which float64 adds without rounding: so no bit depends on how many trainers there are, and a
/// trainer has one group of all its lanes.
/// </remarks>
/// <param name="classes">How many classes there are.</param>
/// <param name="group">The group, which no other trainer has: the trainer's first lane.</param>
/// <param name="ignored">A class whose targets do not count; null for none.</param>
internal sealed class ClassSums(int classes, int group, long? ignored) : IClassSums
{
    private readonly double[] _numbers = new double[ClassCounts.Numbers(classes)];
    private int[] _predicted = [];
    private long[] _targets = [];
    private int _pending;
    private long _last = -1;

    /// <inheritdoc/>
    public GroupSums Groups
    {
        get
        {
            double[] numbers = [.. _numbers];
            ClassCounts.Add(_predicted.AsSpan(0, _pending), _targets.AsSpan(0, _pending), numbers, ignored);
            return new([group], numbers);
        }
    }

    /// <inheritdoc/>
    public Span<int> Begin(long chunk, int rows)
    {
        if (chunk == 0)
            Array.Clear(_numbers);
        else if (chunk != _last)
            ClassCounts.Add(_predicted.AsSpan(0, _pending), _targets.AsSpan(0, _pending), _numbers, ignored);
        (_last, _pending) = (chunk, 0);
        if (_predicted.Length < rows)
            (_predicted, _targets) = (new int[rows], new long[rows]);
        return _predicted.AsSpan(0, rows);
    }

    /// <inheritdoc/>
    public void Add(ChunkBatch batch)
    {
        batch.Classes.CopyTo(_targets.AsSpan(_pending));
        _pending += batch.Classes.Length;
    }
}
