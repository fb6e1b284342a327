namespace Orleans.Tbptt.Data.Tables;

/// <summary>Some consecutive rows of the chosen columns, column by column.</summary>
internal sealed class TableBlock
{
    /// <summary>Cells of a block, about.</summary>
    private const int Cells = 1 << 16;

    private readonly double[] _cells;

    public TableBlock(IReadOnlyList<ChosenColumn> columns)
    {
        Width = columns.Count;
        Capacity = Math.Max(1, Cells / Math.Max(1, Width));
        _cells = new double[Capacity * Width];
        Places = new long[Capacity];
        Tallies = [.. columns.Select(_ => new ColumnTally())];
    }

    /// <summary>How many columns.</summary>
    public int Width { get; }

    /// <summary>How many rows fit.</summary>
    public int Capacity { get; }

    /// <summary>How many rows there are.</summary>
    public int Rows { get; set; }

    /// <summary>The place of each row, such as its line; <see cref="TableReader.Describe"/> words it.</summary>
    public long[] Places { get; }

    /// <summary>What was met in each column that is no number, in all blocks so far.</summary>
    public ColumnTally[] Tallies { get; }

    /// <summary>The cells of a column, <see cref="Capacity"/> of them: a finite number, or NaN where there is none.</summary>
    public Span<double> Column(int column) => _cells.AsSpan(column * Capacity, Capacity);

    /// <summary>All cells, column by column, <see cref="Capacity"/> each.</summary>
    public Span<double> All => _cells;
}
