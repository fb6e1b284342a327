namespace Orleans.Tbptt.Data.Files;

/// <summary>What is a row of a file to which rows are appended.</summary>
internal enum RowUnit
{
    /// <summary>A line: the row has come when its line has ended.</summary>
    Line,

    /// <summary>A byte.</summary>
    Byte,

    /// <summary>A Unicode scalar value in UTF-8.</summary>
    Character,

    /// <summary>A word, or the end of a line: they have come when their line has ended.</summary>
    Word,
}

/// <summary>How a file to which rows are appended is cut into rows.</summary>
/// <param name="Unit">What a row is.</param>
/// <param name="HasQuotes">Whether line ends in quotes end no row.</param>
/// <param name="Comment">What lines begin with in which quotes do not count; NUL for none.</param>
/// <param name="IsPacked">Whether a file is compressed that begins with some bytes; null where that does not matter.</param>
/// <param name="Passed">Lines at the beginning that are passed over, whatever is in them.</param>
/// <param name="MostBytes">The longest row that can be read.</param>
internal sealed record RowCut(
    RowUnit Unit, bool HasQuotes = false, char Comment = '\0', Predicate<byte[]>? IsPacked = null, int Passed = 0,
    long MostBytes = long.MaxValue)
{
    /// <summary>Whether files are text of lines.</summary>
    public bool HasLines => Unit is RowUnit.Line or RowUnit.Word;

    /// <summary>
    /// Whether an empty line is no end of a row: where others follow it, they are read with it, because a reader refuses a gap.
    /// </summary>
    public bool HoldsEmptyLines { get; init; }
}
