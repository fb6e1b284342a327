namespace Orleans.Tbptt.Data.Sequences;

/// <summary>An opened source, with the resources to close with it.</summary>
internal sealed class DataSource(
    DataShape shape, ISequenceSet training, ISequenceSet? validation, IForecastScale? scale = null, params IReadOnlyList<IDisposable> owned)
    : IDataSource
{
    public DataShape Shape => shape;

    public ISequenceSet Training => training;

    public ISequenceSet? Validation => validation;

    public IForecastScale? ForecastScale => scale;

    /// <summary>The source of independent sequences, the last <paramref name="held"/> of them for validation.</summary>
    public static DataSource OfSequences(DataShape shape, ISequenceSet all, int held, params IReadOnlyList<IDisposable> owned) => new(
        shape,
        held == 0 ? all : new SequenceRange(all, 0, all.Count - held),
        held == 0 ? null : new SequenceRange(all, all.Count - held, held),
        owned: owned);

    public void Dispose()
    {
        foreach (IDisposable part in owned)
            part.Dispose();
    }
}
