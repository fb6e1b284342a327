namespace Orleans.Tbptt.Data;

/// <summary>Which rows of a source a part of a sequence is made of: of the inputs, of a text or bytes the tokens or bytes.</summary>
/// <param name="Series">The series whose rows are counted, oldest first; null where all rows of the source are, in order.</param>
/// <param name="First">The first row, from 1.</param>
/// <param name="Last">The last row.</param>
public readonly record struct SourceRows(string? Series, long First, long Last);
