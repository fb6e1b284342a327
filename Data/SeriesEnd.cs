namespace Orleans.Tbptt.Data;

/// <summary>Where a series ended: what is needed to read rows that follow as if they stood in the same file.</summary>
/// <param name="Name">The series; empty where all rows are one.</param>
/// <param name="Rows">How many rows there were, from the first one on.</param>
/// <param name="Instant">The time of the last row as a number; null where rows have no times.</param>
/// <param name="Time">The same as people write it.</param>
public sealed record SeriesEnd(string Name, long Rows, double? Instant, string? Time)
{
    /// <summary>The columns of <see cref="LastRows"/>: how a column is read, then its name.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>
    /// The last rows, oldest first, as far as those that follow depend on them: numbers and times so that they are read back to the bit,
    /// texts as they are, null for a missing cell. Empty where nothing depends on them.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<string?>> LastRows { get; init; } = [];
}

/// <summary>The rows of a series that were read to be forecast from.</summary>
/// <param name="Sequence">Its sequence; null where no row can be forecast from yet, because each needs rows ahead of it.</param>
/// <param name="FirstInstant">The time of its first row as a number; null where rows have no times.</param>
/// <param name="FirstTime">The same as people write it.</param>
/// <param name="End">Where it ended.</param>
public sealed record SeriesRows(int? Sequence, double? FirstInstant, string? FirstTime, SeriesEnd End);
