using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>The rows of a CSV file as training reads them, for programs that look at a file before they write a spec.</summary>
public sealed class CsvRows : IDisposable
{
    private readonly CsvRowReader _rows;

    private CsvRows(CsvRowReader rows) => _rows = rows;

    /// <summary>The names of the columns, in the order of the file.</summary>
    public IReadOnlyList<string> Names => _rows.Names;

    /// <summary>The line on which the row begins, from 1.</summary>
    public long Line => _rows.Line;

    /// <summary>Rows that were passed over, because they are not as the header says: the first 20, and how many more.</summary>
    public IReadOnlyList<SpecProblem> Problems => _rows.Problems.ToList();

    /// <summary>Opens a file.</summary>
    /// <exception cref="SpecException">It is no CSV file, or not written as the source says.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static CsvRows Open(CsvSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return new(new(source, () => CsvText.OpenFile(source.Path)));
        }
        catch (TableFormatException error)
        {
            throw new SpecException(error.Problem);
        }
    }

    /// <summary>Moves to the next row.</summary>
    /// <returns>False when no row was left.</returns>
    /// <exception cref="SpecException">The file has no row, or cannot be read further.</exception>
    public bool Read()
    {
        try
        {
            return _rows.Read();
        }
        catch (TableFormatException error)
        {
            throw new SpecException(error.Problem);
        }
    }

    /// <summary>A cell of the row, in UTF-8; valid until the next row is read.</summary>
    public ReadOnlySpan<byte> Cell(int column) => _rows.Cell(column);

    /// <summary>Whether a cell is a number in the range of float32.</summary>
    public bool TryNumber(ReadOnlySpan<byte> cell, out double number) => _rows.Cells.TryNumber(cell, out number);

    /// <summary>Whether a cell stands for a missing value, as the source says.</summary>
    public bool IsMissing(ReadOnlySpan<byte> cell) => _rows.Cells.IsMissing(cell);

    /// <summary>Whether a cell is a word or a sign by which programs and people say that there is no value.</summary>
    public static bool LooksMissing(string cell) => CsvCells.LooksMissing(cell);

    /// <summary>The source with each of the keys by which a cell would be a number, the likelier first; empty for none.</summary>
    public IReadOnlyList<CsvSource> WithMarksOf(string cell) => [.. _rows.Cells.Marks(cell).Select(one => one.Source)];

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();
}
