using System.Text;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>Reads the rows of a CSV file into blocks of float64.</summary>
internal sealed class CsvTableReader : TableReader
{
    // Fewer cells do not show that a column has no numbers.
    private const int EnoughCells = 100;

    private readonly string _path;
    private readonly CsvRowReader _rows;
    private readonly CsvCells _cells;
    private ChosenColumn[] _chosen = [];
    private int[] _inFile = [];

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="source">Says how it is written; its path stands in messages.</param>
    /// <param name="open">Opens its bytes; called more than once.</param>
    /// <exception cref="TableFormatException">It is no CSV file, or its first rows are not what the spec says.</exception>
    public CsvTableReader(CsvSource source, Func<Stream> open)
    {
        _path = source.Path;
        _rows = new(source, open);
        _cells = _rows.Cells;
        char separator = _rows.Head.Dialect.Separator;
        string[][] cells = [.. _rows.Head.Body.Select(line => line.Split(separator)).Where(line => line.Length == _rows.Names.Length)];
        Columns = [.. _rows.Names.Select((name, index) => Column(name, [.. cells.Select(line => line[index])]))];
    }

    public override IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>How the file is written, as the spec says or the first lines show.</summary>
    public CsvDialect Dialect => _rows.Head.Dialect;

    public override IReadOnlyList<string> Notes => _rows.Head.Notes;

    public override void Choose(IReadOnlyList<ChosenColumn> columns)
    {
        _chosen = [.. columns];
        _inFile = [.. columns.Select(column => column.InFile)];
    }

    public override bool Fill(TableBlock block)
    {
        block.Rows = 0;
        while (block.Rows < block.Capacity && _rows.Read())
            ReadRow(block);
        return block.Rows > 0;
    }

    public override string Describe(long place) => $"{_path}:{place}";

    public override string? Advice(string cell, IEnumerable<string> others) => _cells.Advice(cell, others);

    public override void AddProblems(ProblemList problems) => problems.AddRange(_rows.Problems.ToList());

    public override void Dispose()
    {
        _rows.Dispose();
        base.Dispose();
    }

    /// <summary>What the first lines show of a column: texts or times where enough cells are such and none is a number.</summary>
    private TableColumn Column(string name, string[] cells)
    {
        string[] present = [.. cells.Where(cell => !_cells.IsMissing(Encoding.UTF8.GetBytes(cell)))];
        if (present.Any(cell => _cells.TryNumber(Encoding.UTF8.GetBytes(cell), out _)))
            return new(name) { MayBeDates = present.Count(IsDate) * 10 >= present.Length * 9 };

        // One text again and again may stand for a missing value in a column whose numbers begin further down.
        return TimeText.Column(name, present) ?? new(
            name, present.Length >= EnoughCells && present.Distinct(StringComparer.Ordinal).Skip(1).Any() ? CellType.Text : null);
    }

    private static bool IsDate(string cell) =>
        DateWords.IsCompact(Encoding.UTF8.GetBytes(cell)) && !double.IsNaN(TimeText.Of(CellType.Time).Value(cell));

    private void ReadRow(TableBlock block)
    {
        int row = block.Rows++;
        long line = block.Places[row] = _rows.Line;
        Span<double> cells = block.All;
        int stride = block.Capacity;
        for (int i = 0; i < _inFile.Length; i++)
        {
            ReadOnlySpan<byte> cell = _rows.Cell(_inFile[i]);
            ref double value = ref cells[(i * stride) + row];
            if (_chosen[i].Type != CellType.Number || !_cells.TryPlain(cell, out value))
                value = Cell(cell, _chosen[i], line, block.Tallies[i]);
        }
    }

    private double Cell(ReadOnlySpan<byte> cell, ChosenColumn column, long line, ColumnTally tally) => column.Type switch
    {
        CellType.Number => _cells.Number(cell, line, tally),
        _ when _cells.IsMissing(cell) => tally.AddMissing(line, cell),
        CellType.Text => tally.AddText(cell),
        var type => TimeText.Of(type).TryParse(cell, out double time) ? time : tally.AddOther(line, cell),
    };
}
