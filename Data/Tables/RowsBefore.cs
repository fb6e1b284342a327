namespace Orleans.Tbptt.Data.Tables;

/// <summary>Where the series ended on which the rows of a table follow.</summary>
internal sealed class RowsBefore
{
    /// <summary>Those of a whole table: all of them are read above it, in their order.</summary>
    public RowsBefore(IReadOnlyList<SeriesEnd> ends) => (All, ByName) = (ends, ends.ToDictionary(end => end.Name));

    /// <summary>
    /// Those of rows that arrive, any number at a time: only series that have rows among them are read above them, so that a row takes no
    /// time for the others.
    /// </summary>
    public RowsBefore(IReadOnlyDictionary<string, SeriesEnd> ends) => ByName = ends;

    /// <summary>All of them; null for rows that arrive.</summary>
    public IReadOnlyList<SeriesEnd>? All { get; }

    /// <summary>Them by their names.</summary>
    public IReadOnlyDictionary<string, SeriesEnd> ByName { get; }

    /// <summary>
    /// Whether the rows are a part of those that arrive: what all of them together would show is unknown, and the order in which they came
    /// is kept.
    /// </summary>
    public bool ArePart => All is null;

    /// <summary>The first series of which rows are read above the table; null for none.</summary>
    /// <param name="names">The series that have rows in it.</param>
    public SeriesEnd? FirstCarried(IReadOnlyList<string> names) =>
        (All ?? names.DefaultIfEmpty("").Select(name => ByName.GetValueOrDefault(name)).OfType<SeriesEnd>())
            .FirstOrDefault(end => end.LastRows.Count > 0);
}
