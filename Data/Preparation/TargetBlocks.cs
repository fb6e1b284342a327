namespace Orleans.Tbptt.Data.Preparation;

/// <summary>Receives targets of some time steps.</summary>
/// <param name="slice">The time steps.</param>
/// <param name="targets">Their targets, <c>[slice.Length, targets]</c>.</param>
internal delegate void TargetBlock(SequenceSlice slice, ReadOnlySpan<float> targets);

/// <summary>Reads all targets that are values, some time steps at a time.</summary>
internal static class TargetBlocks
{
    private const int Block = 1 << 12;

    /// <summary>Reads them, sequence by sequence.</summary>
    /// <param name="sequences">The sequences.</param>
    /// <param name="width">Values of a target.</param>
    /// <param name="take">Receives them.</param>
    public static void Read(ISequenceSet sequences, int width, TargetBlock take)
    {
        var values = new float[Block * width];
        for (int sequence = 0; sequence < sequences.Count; sequence++)
        {
            for (int start = 0, length = sequences.Length(sequence); start < length; start += Block)
            {
                var slice = new SequenceSlice(sequence, start, Math.Min(Block, length - start));
                Span<float> read = values.AsSpan(0, slice.Length * width);
                sequences.ReadTargets(slice, read);
                take(slice, read);
            }
        }
    }
}
