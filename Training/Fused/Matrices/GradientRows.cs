namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>
/// The rows of a chunk that a parameter's gradient is summed over, in this order: those of one shard. Whatever sums over rows takes them
/// from here, so that shards that are run at once have the sums of shards that are run alone.
/// </summary>
/// <param name="count">How many.</param>
/// <param name="chosen">The rows; empty where they are all rows of the chunk.</param>
/// <param name="before">For each of them the history row of its lane's previous state.</param>
/// <param name="sums">How the sums run; over some of the rows always ascending.</param>
internal readonly ref struct GradientRows(
    int count, ReadOnlySpan<int> chosen = default, ReadOnlySpan<int> before = default, RowSums sums = RowSums.Ascending)
{
    /// <summary>How many.</summary>
    public int Count { get; } = count;

    /// <summary>The rows; empty where they are all rows of the chunk, in order.</summary>
    public ReadOnlySpan<int> Chosen { get; } = chosen;

    /// <summary>For each of them the history row of its lane's previous state.</summary>
    public ReadOnlySpan<int> Before { get; } = before;

    /// <summary>How the sums run.</summary>
    public RowSums Sums { get; } = sums;

    /// <summary>Whether they are all rows of the chunk.</summary>
    public bool AreAll => Chosen.IsEmpty;

    /// <summary>One of them.</summary>
    public int this[int index] => Chosen.IsEmpty ? index : Chosen[index];

    /// <summary>Copies them from all rows of the chunk, one after another.</summary>
    /// <param name="all">The first number of the chunk's first row.</param>
    /// <param name="stride">The stride between rows.</param>
    /// <param name="to">Where they are copied to; it says how long a row is.</param>
    public unsafe void Gather(float* all, nint stride, Rows to)
    {
        to.Reserve(Count);
        for (int i = 0; i < Count; i++)
            new ReadOnlySpan<float>(all + (this[i] * stride), to.Columns).CopyTo(to.Span(i));
    }
}
