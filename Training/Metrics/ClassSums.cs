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
internal sealed class ClassSums(int classes, int group, long? ignored)
{
    private readonly double[] _numbers = new double[ClassCounts.Numbers(classes)];
    private int[] _predicted = [];
    private long[] _targets = [];
    private int _pending;
    private long _last = -1;

    /// <summary>The counts so far.</summary>
    public GroupSums Groups
    {
        get
        {
            double[] numbers = [.. _numbers];
            ClassCounts.Add(_predicted.AsSpan(0, _pending), _targets.AsSpan(0, _pending), numbers, ignored);
            return new([group], numbers);
        }
    }

    /// <summary>Room for the classes that are predicted for the rows of a chunk, which <see cref="Add"/> then counts.</summary>
    /// <param name="chunk">
    /// The chunk's place in the evaluation's plan: chunk 0 begins anew, and one that comes twice in a row counts once.
    /// </param>
    /// <param name="rows">The chunk's rows.</param>
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

    /// <summary>Counts the chunk's rows; those of a trainer's shards come one after another.</summary>
    public void Add(ChunkBatch batch)
    {
        batch.Classes.CopyTo(_targets.AsSpan(_pending));
        _pending += batch.Classes.Length;
    }
}
