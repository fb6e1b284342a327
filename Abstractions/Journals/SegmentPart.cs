namespace Orleans.Tbptt.Journals;

/// <summary>The steps of a closed segment. What was read is kept as long as the memory is not needed.</summary>
/// <param name="journal">The journal's file.</param>
/// <param name="segment">The segment, from 0.</param>
internal sealed class SegmentPart(string journal, long segment) : StepPart
{
    private WeakReference<IReadOnlyList<StepBucket>>? _blocks;
    private WeakReference<StepTable>? _steps;

    /// <summary>Where its lines begin in the index, and how many bytes they have; null where the index does not hold them.</summary>
    public (long Offset, int Length)? Others { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<StepBucket> Blocks() => Kept(ref _blocks, file => file.Blocks());

    /// <inheritdoc/>
    public override StepTable Steps() => Kept(ref _steps, file => file.Steps());

    /// <summary>The lines of its events that are not steps, each with its line end.</summary>
    /// <exception cref="DamagedSegmentException">They are damaged.</exception>
    public byte[] ReadOthers()
    {
        using var file = SegmentFile.Open(journal, segment);
        return file.Others();
    }

    private T Kept<T>(ref WeakReference<T>? kept, Func<SegmentFile, T> read)
        where T : class
    {
        if (kept is not null && kept.TryGetTarget(out var known))
            return known;
        using var file = SegmentFile.Open(journal, segment);
        var now = read(file);
        kept = new(now);
        return now;
    }
}
