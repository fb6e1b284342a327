namespace Orleans.Tbptt.Specs;

/// <summary>What is held out, where it is not a share of the data: files of its own, or the rows from a border on.</summary>
public sealed record ValidationSpec
{
    /// <summary>A source of the same kind as the run's, with other files; it has the keys of the run's source. Null for none.</summary>
    public SourceSpec? Source { get; init; }

    /// <summary>The first row of a stream that is held out, counted from 1; null for none.</summary>
    public int? Row { get; init; }
}
