namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The way back from the values of a table as they are trained on to those of its file: undoes, in float64, whatever was done to a column.
/// </summary>
internal interface IColumnUnits
{
    /// <summary>Whether the values of a column are differences from the row before: then 0 is the last known value once more.</summary>
    /// <param name="column">The column, by its index in <see cref="UsedColumns.Names"/>.</param>
    bool IsDifference(int column) => false;

    /// <summary>What a difference of two values of a column is multiplied by; NaN where that depends on the values.</summary>
    /// <param name="series">The series; 0 in a table without series.</param>
    /// <param name="column">The column.</param>
    double Factor(int series, int column);

    /// <summary>Brings values of one column in consecutive rows back to the units of the file.</summary>
    /// <param name="series">The series of the rows; 0 in a table without series.</param>
    /// <param name="row">The row of the first value, in the table that is trained on.</param>
    /// <param name="column">The column, by its index in <see cref="UsedColumns.Names"/>.</param>
    /// <param name="values">Values of the table, or outputs in their place; NaN where there is none.</param>
    /// <param name="destination">Receives them, as many; NaN stays NaN.</param>
    void ToUnits(int series, long row, int column, ReadOnlySpan<float> values, Span<double> destination);
}
