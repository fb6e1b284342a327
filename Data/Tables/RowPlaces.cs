namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Where each row of the file lies in the table that is trained on: the rows of a series one after the other, oldest first.
/// Rows are asked for in the order of the file.
/// </summary>
internal sealed class RowPlaces
{
    private readonly bool _isNewestFirst;
    private readonly long[] _starts;
    private readonly long[] _rows;
    private readonly long[] _seen;

    /// <summary>Places for rows.</summary>
    /// <param name="rows">Rows of each series.</param>
    /// <param name="isNewestFirst">Whether the file has the newest row of each series first.</param>
    public RowPlaces(IReadOnlyList<long> rows, bool isNewestFirst)
    {
        _isNewestFirst = isNewestFirst;
        _rows = [.. rows];
        _seen = new long[rows.Count];
        _starts = new long[rows.Count];
        for (int series = 1; series < rows.Count; series++)
            _starts[series] = _starts[series - 1] + rows[series - 1];
    }

    /// <summary>Whether all rows stay where they are.</summary>
    public bool IsFileOrder => _rows.Length == 1 && !_isNewestFirst;

    /// <summary>The first row of each series.</summary>
    public IReadOnlyList<long> Starts => _starts;

    /// <summary>The index of the next row of a series within it, oldest first.</summary>
    public long NextIn(int series)
    {
        long index = _seen[series]++;
        return _isNewestFirst ? _rows[series] - 1 - index : index;
    }
}
