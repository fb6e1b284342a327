using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Extending;

/// <summary>Data that grew, of which the new part is trained on.</summary>
/// <param name="data">All of the data.</param>
/// <param name="tails">What is trained on.</param>
/// <param name="remarks">What is to be said of it.</param>
internal sealed class GrownData(IDataSource data, Tails tails, IReadOnlyList<string> remarks) : IDataSource
{
    public DataShape Shape => data.Shape;

    public ISequenceSet Training { get; } = new TailSet(data.Training, tails.Sequences);

    /// <summary>What is trained on of the data with what has come behind their file; null where nothing is followed.</summary>
    /// <exception cref="SpecException">It cannot be trained on; carries every mistake found.</exception>
    public Func<InputFiles, GrownData>? Grow { get; init; }

    public ISequenceSet? Validation => data.Validation;

    public ISequenceSet? Test => data.Test;

    /// <inheritdoc cref="Tails.Lanes"/>
    public IReadOnlyList<int> Lanes => tails.Lanes;

    /// <inheritdoc cref="Tails.Before"/>
    public long? Before => tails.Before;

    /// <inheritdoc cref="Tails.Missing"/>
    public int Missing => tails.Missing;

    /// <inheritdoc cref="Tails.Followed"/>
    public IReadOnlyList<FollowedSeries>? Followed => tails.Followed;

    // The border that the source knows is that of all of the data.
    public SourceDescription Description =>
        data.Description with { Training = null, Remarks = [.. remarks, tails.Text, .. data.Description.Remarks] };

    public void Dispose() => data.Dispose();
}
