namespace Orleans.Tbptt.Data.Sequences;

/// <summary>
/// The argument checks of every sequence set: a slice out of bounds, a buffer of the wrong size and reading values where there are
/// tokens are bugs of the caller, found before anything is read.
/// </summary>
internal abstract class SequenceSet(DataShape shape) : ISequenceSet
{
    public abstract int Count { get; }

    public abstract int Length(int sequence);

    public virtual ITargetUnits? Units => null;

    public virtual string? SeriesOf(int sequence) => null;

    public virtual SourceRows? RowsOf(SequenceSlice slice) => null;

    public virtual ISequenceTimes? Times => null;

    public void ReadInputs(SequenceSlice slice, Span<float> destination)
    {
        Check(slice, destination.Length, shape.InputFeatures, "input values");
        FillInputs(slice, destination);
    }

    public void ReadInputs(SequenceSlice slice, Span<long> destination)
    {
        Check(slice, destination.Length, shape.Codes, "input tokens or classes");
        FillTokens(slice, destination);
    }

    public void ReadTargets(SequenceSlice slice, Span<float> destination)
    {
        Check(slice, destination.Length, shape.TargetFeatures, "target values");
        FillTargets(slice, destination);
    }

    public void ReadTargets(SequenceSlice slice, Span<long> destination)
    {
        Check(slice, destination.Length, shape.HasClasses ? 1 : 0, "target classes");
        FillClasses(slice, destination);
    }

    /// <summary>Reads <c>[slice.Length × InputFeatures]</c>.</summary>
    protected virtual void FillInputs(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException();

    /// <summary>Reads <c>[slice.Length × Codes]</c>.</summary>
    protected virtual void FillTokens(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

    /// <summary>Reads <c>[slice.Length × TargetFeatures]</c>.</summary>
    protected virtual void FillTargets(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException();

    /// <summary>Reads <c>[slice.Length]</c>.</summary>
    protected virtual void FillClasses(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

    private void Check(SequenceSlice slice, int destination, int width, string what)
    {
        if (width == 0)
            throw new InvalidOperationException($"this source has no {what}: {shape}");
        if ((uint)slice.Sequence >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(slice), slice, $"there are {Count} sequences");
        int length = Length(slice.Sequence);
        if (slice.Start < 0 || slice.Length < 0 || slice.Length > length - slice.Start)
            throw new ArgumentOutOfRangeException(nameof(slice), slice, $"the sequence has {length} time steps");
        if (destination != (long)slice.Length * width)
            throw new ArgumentException($"{slice} of {width} {what} a time step does not fill {destination} elements", nameof(destination));
    }
}
