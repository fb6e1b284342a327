using Orleans.Tbptt.Data.Files;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Sequences;

/// <summary>An opened source, with the resources to close with it.</summary>
internal class DataSource(
    DataShape shape, ISequenceSet training, ISequenceSet? validation, params IReadOnlyList<IDisposable> owned) : IDataSource
{
    public DataShape Shape => shape;

    public ISequenceSet Training => training;

    public ISequenceSet? Validation => validation;

    public ISequenceSet? Test { get; init; }

    public SourceDescription Description { get; set; } = SourceDescription.None;

    /// <summary>
    /// Opens what has come behind its file, which is followed, with all that this source has; this one stays open. Null where nothing is
    /// followed.
    /// </summary>
    /// <exception cref="SpecException">It cannot be trained on; carries every mistake found.</exception>
    public Func<InputFiles, DataSource>? Grow { get; init; }

    /// <summary>Adds sentences to its description.</summary>
    public DataSource Noting(IEnumerable<string> remarks)
    {
        Description = Description with { Remarks = [.. Description.Remarks, .. remarks] };
        return this;
    }

    /// <summary>The source of independent sequences, the last of them held out.</summary>
    public static DataSource OfSequences(DataShape shape, ISequenceSet all, HeldSequences held, params IReadOnlyList<IDisposable> owned)
    {
        int trained = all.Count - held.All, validated = trained + held.Validation;
        return new(
            shape,
            held.All == 0 ? all : new SequenceRange(all, 0, trained),
            held.Validation == 0 ? null : new SequenceRange(all, trained, held.Validation),
            owned: owned)
            {
                Test = held.Test == 0 ? null : new SequenceRange(all, validated, held.Test),
                Description = new()
                {
                    Training = PartBorders.Between("sequence", 0, trained),
                    Validation = held.Validation == 0 ? null : PartBorders.Between("sequence", trained, validated),
                    Test = held.Test == 0 ? null : PartBorders.Between("sequence", validated, all.Count),
                },
            };
    }

    public void Dispose()
    {
        foreach (IDisposable part in owned)
            part.Dispose();
    }
}
