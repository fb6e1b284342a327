using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Plan;

/// <summary>Cuts one sequence along time, by a chunk's length or by the number of chunks.</summary>
public readonly record struct ChunkSplit
{
    private readonly int _length;
    private readonly int _count;

    private ChunkSplit(int length, int count) => (_length, _count) = (length, count);

    /// <summary>The split of training that a spec asks for.</summary>
    public static ChunkSplit Of(TbpttSpec spec) => spec.Backprop.IsFull ? OfCount(1) : OfKeys(spec);

    /// <summary>The split of what is held out.</summary>
    public static ChunkSplit OfHeldOut(RunSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec.TakesWholeSequences ? OfCount(1)
            : spec.Tbptt.Backprop.IsFull ? OfLength(FullBackprop.HeldOutChunk) : OfKeys(spec.Tbptt);
    }

    /// <summary>Chunks of <paramref name="length"/> time steps; the last one takes the rest.</summary>
    public static ChunkSplit OfLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return new(length, 0);
    }

    /// <summary>
    /// As <c>torch.tensor_split(count)</c>: chunk lengths differ by at most one, longer ones first. Where a sequence has fewer time steps
    /// than chunks, the empty chunks that torch would return are left out.
    /// </summary>
    public static ChunkSplit OfCount(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return new(0, count);
    }

    /// <summary>How many chunks a sequence of <paramref name="sequenceLength"/> time steps takes.</summary>
    public int Chunks(int sequenceLength) =>
        _length > 0 ? (int)(((long)sequenceLength + _length - 1) / _length) : Math.Min(_count, sequenceLength);

    /// <summary>
    /// The start and length of chunk <paramref name="index"/> of a sequence of <paramref name="sequenceLength"/> time steps.
    /// </summary>
    public (int Start, int Length) Chunk(int sequenceLength, int index)
    {
        if (_length > 0)
        {
            int start = index * _length;
            return (start, Math.Min(_length, sequenceLength - start));
        }

        int shorter = sequenceLength / _count;
        int longerOnes = sequenceLength % _count;
        return (index * shorter + Math.Min(index, longerOnes), shorter + (index < longerOnes ? 1 : 0));
    }

    private static ChunkSplit OfKeys(TbpttSpec spec) =>
        spec.ChunkLength is { } length ? OfLength(length) : OfCount(spec.ChunkCount!.Value);
}
