namespace Orleans.Tbptt.Data.Tables;

/// <summary>Points in time as tables are read with them.</summary>
public static class TimeCell
{
    /// <summary>Reads a cell.</summary>
    /// <param name="cell">The cell, such as <c>2020-01-31 12:30</c>, <c>31.01.2020</c>, <c>Jan 2020</c> or <c>2020Q1</c>.</param>
    /// <param name="dayFirst">Whether the day stands before the month where the year stands last.</param>
    /// <param name="microseconds">Microseconds since 1970-01-01 in UTC; a time without an offset is taken as UTC.</param>
    /// <returns>Whether it is a point in time.</returns>
    public static bool TryRead(string cell, bool dayFirst, out double microseconds)
    {
        ArgumentNullException.ThrowIfNull(cell);
        microseconds = TimeText.Of(dayFirst ? CellType.DayFirstTime : CellType.Time).Value(cell);
        return !double.IsNaN(microseconds);
    }
}
