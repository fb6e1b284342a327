using Orleans.Tbptt.Descriptions;

namespace Orleans.Tbptt.Data.Sequences;

/// <summary>An opened source, with the resources to close with it.</summary>
internal class DataSource(
    DataShape shape, ISequenceSet training, ISequenceSet? validation, params IReadOnlyList<IDisposable> owned) : IDataSource
{
    public DataShape Shape => shape;

    public ISequenceSet Training => training;

    public ISequenceSet? Validation => validation;

    public SourceDescription Description { get; set; } = SourceDescription.None;

    /// <summary>Adds sentences to its description.</summary>
    public DataSource Noting(IEnumerable<string> remarks)
    {
        Description = Description with { Remarks = [.. Description.Remarks, .. remarks] };
        return this;
    }

    /// <summary>The source of independent sequences, the last <paramref name="held"/> of them for validation.</summary>
    public static DataSource OfSequences(DataShape shape, ISequenceSet all, int held, params IReadOnlyList<IDisposable> owned) => new(
        shape,
        held == 0 ? all : new SequenceRange(all, 0, all.Count - held),
        held == 0 ? null : new SequenceRange(all, all.Count - held, held),
        owned: owned)
        {
            Description = new()
            {
                Training = Border(1, all.Count - held),
                Validation = held == 0 ? null : Border(all.Count - held + 1, all.Count),
            },
        };

    private static Border Border(int first, int last) =>
        new(FormattableString.Invariant($"sequence {first:N0}"), FormattableString.Invariant($"sequence {last:N0}"));

    public void Dispose()
    {
        foreach (IDisposable part in owned)
            part.Dispose();
    }
}
