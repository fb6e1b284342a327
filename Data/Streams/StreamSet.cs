using Orleans.Tbptt.Data.Sequences;

namespace Orleans.Tbptt.Data.Streams;

/// <summary>Rows of a stream as sequences; subclasses define the contents of a position.</summary>
internal abstract class StreamSet(DataShape shape, StreamRows rows) : SequenceSet(shape)
{
    public override int Count => rows.Lengths.Count;

    public override int Length(int sequence) => rows.Lengths[sequence];

    public override SourceRows? RowsOf(SequenceSlice slice)
    {
        // The rows of series stand one series after the other.
        long first = rows.Series.Count > 0 ? slice.Start : Position(slice);
        return new(SeriesOf(slice.Sequence), first + 1, first + slice.Length);
    }

    /// <summary>The stream position of a slice's first input.</summary>
    protected long Position(SequenceSlice slice) => rows.Starts[slice.Sequence] + slice.Start;
}
