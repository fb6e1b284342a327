using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>How the cells of a column are read. In a <see cref="TableBlock"/> all of them are float64.</summary>
internal enum CellType
{
    /// <summary>Finite numbers.</summary>
    Number,

    /// <summary>
    /// Points in time: microseconds since 1970-01-01, in UTC where the cell names an offset. Where a text has the year last, the month
    /// stands before the day.
    /// </summary>
    Time,

    /// <summary>The same, with the day before the month.</summary>
    DayFirstTime,

    /// <summary>Texts: the index of the text in <see cref="ColumnTally.Texts"/>.</summary>
    Text,
}

/// <summary>What all types of times have in common.</summary>
internal static class CellTypes
{
    /// <summary>Whether cells are points in time.</summary>
    public static bool IsTime(this CellType type) => type is CellType.Time or CellType.DayFirstTime;
}

/// <summary>A column of a table, as far as its format knows it before the rows are read.</summary>
/// <param name="Name">Its name; empty where it has none.</param>
/// <param name="Type">The type of its cells; null where only the cells themselves show it, as in a CSV file.</param>
internal sealed record TableColumn(string Name, CellType? Type = null)
{
    /// <summary>Whether its cells are the same in all rows of a series, so that a spec has to name it as an input.</summary>
    public bool IsOfSeries { get; init; }

    /// <summary>
    /// Whether its cells are texts of times in which the day or the month may stand first, as far as the format has looked: all of them
    /// together show which.
    /// </summary>
    public bool HasTwoReadings { get; init; }

    /// <summary>
    /// Whether its cells are numbers of eight digits that are dates, such as 20200131, as far as the format has looked: times where the
    /// spec names the column as that of time.
    /// </summary>
    public bool MayBeDates { get; init; }
}

/// <summary>A column that is read.</summary>
/// <param name="InFile">Its index in <see cref="TableReader.Columns"/>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">How its cells are read.</param>
internal sealed record ChosenColumn(int InFile, string Name, CellType Type);

/// <summary>
/// Reads a table of one format: named columns and rows. This is all that a format has to provide; the choice of inputs and targets, time,
/// series, missing values, statistics and the sequences are the same for every format (<see cref="TableLoader"/>).
/// </summary>
/// <remarks>
/// <code>
/// reader.Columns                     names, and types where the format has them
/// reader.Choose(columns)             once
/// while (reader.Fill(block)) …       rows in the order of the file, as many as fit into the block
/// </code>
/// A reader holds only buffers in memory, however long the file. What cannot be read is reported by <see cref="TableFormatException"/>;
/// <see cref="IOException"/> may be thrown as it is.
/// </remarks>
internal abstract class TableReader : IDisposable
{
    /// <summary>All columns, in the order of the file.</summary>
    public abstract IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>What people should know about how the file was read, such as a separator that was guessed.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>Names the columns to read; called once, before the first <see cref="Fill"/>.</summary>
    public abstract void Choose(IReadOnlyList<ChosenColumn> columns);

    /// <summary>
    /// Reads the next rows: fills <see cref="TableBlock.Column"/> for each chosen column, <see cref="TableBlock.Places"/>, and sets
    /// <see cref="TableBlock.Rows"/>.
    /// </summary>
    /// <returns>False when no row was left.</returns>
    public abstract bool Fill(TableBlock block);

    /// <summary>The place of a row for messages, such as <c>/data/x.csv:17</c>.</summary>
    /// <param name="place">The value that the reader left in <see cref="TableBlock.Places"/>.</param>
    public abstract string Describe(long place);

    /// <summary>What to do about a cell that is no number, where its text shows the cause; null where it does not.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="others">The other cells that are no numbers, and those that are missing, as far as they are listed.</param>
    public virtual string? Advice(string cell, IEnumerable<string> others) => null;

    /// <summary>Adds the problems of rows that were passed over, such as rows with too few cells.</summary>
    public virtual void AddProblems(ProblemList problems)
    {
    }

    public virtual void Dispose()
    {
    }
}

/// <summary>A file cannot be read as a table; carries what was found, what was expected and what to do.</summary>
internal sealed class TableFormatException(string found, string expected, string remedy) : Exception($"{found}; {expected}")
{
    public string Found => found;

    public string Expected => expected;

    public string Remedy => remedy;

    /// <summary>The key of the spec to report it at.</summary>
    public string Key { get; init; } = DataKeys.Source;

    /// <summary>Writes the key that the remedy names, or the likeliest where it names two; null where a key is no remedy.</summary>
    public Func<TableSource, TableSource>? Mend { get; init; }

    /// <summary>The problem, as it is reported.</summary>
    public SpecProblem Problem => new(Key, Found, Expected, Remedy);
}
