using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Extending;

/// <summary>Data that grew, of which the new part is trained on.</summary>
/// <param name="data">All of the data.</param>
/// <param name="tails">What is trained on.</param>
/// <param name="remarks">What is to be said of it.</param>
internal sealed class GrownData(IDataSource data, Tails tails, IReadOnlyList<string> remarks) : IDataSource
{
    public DataShape Shape => data.Shape;

    public ISequenceSet Training { get; } = new TailSet(data.Training, tails.Sequences);

    public ISequenceSet? Validation => data.Validation;

    public ISequenceSet? Test => data.Test;

    /// <inheritdoc cref="Tails.Lanes"/>
    public IReadOnlyList<int> Lanes => tails.Lanes;

    /// <inheritdoc cref="Tails.Before"/>
    public long? Before => tails.Before;

    /// <inheritdoc cref="Tails.Rest"/>
    public int Rest => tails.Rest;

    // The border that the source knows is that of all of the data.
    public SourceDescription Description =>
        data.Description with { Training = null, Remarks = [.. remarks, tails.Text, .. data.Description.Remarks] };

    public void Dispose() => data.Dispose();
}
