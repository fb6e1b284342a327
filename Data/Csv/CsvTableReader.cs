using System.Text;
using CsvHelper;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Reads a CSV file row by row. RFC 4180 with a header: quotes, either line end, and the separator that the spec names or the first lines
/// show. Empty lines are allowed at the end only, because one in between may be a missing row.
/// </summary>
internal sealed class CsvTableReader : TableReader
{
    // A quote that is never closed would otherwise pull the rest of the file into memory.
    private const int LargestRecord = 4 << 20;

    // Fewer cells do not show that a column has no numbers.
    private const int EnoughCells = 100;

    private readonly string _path;
    private readonly CsvText _text;
    private readonly CsvHead _head;
    private readonly CsvCells _cells;
    private readonly CsvReader _reader;
    private readonly ProblemList _rows = new();
    private readonly string[] _header;
    private readonly long _linesAbove;
    private ChosenColumn[] _chosen = [];
    private int[] _inFile = [];
    private string? _malformed;
    private bool _hasRow;

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="source">Says how it is written; its path stands in messages.</param>
    /// <param name="opened">The path to open.</param>
    /// <exception cref="TableFormatException">It is no CSV file, or its first rows are not what the spec says.</exception>
    public CsvTableReader(CsvSource source, string opened)
    {
        _path = source.Path;
        _linesAbove = source.SkipRows;
        _text = new(_path, opened, source.Encoding, source.SkipRows);
        _head = new(source, _text);
        CsvDialect dialect = _head.Dialect;
        _cells = new(source, dialect);
        Stream stream = dialect.Separator == ' ' ? new BlanksStream(_text.Open()) : _text.Open();
        _reader = CsvReader.Create(stream, new()
        {
            Separator = dialect.Separator == ' ' ? '\t' : dialect.Separator, HasHeader = false, SkipEmptyLines = false,
            TrimWhitespace = true, TrackLineNumbers = true, MaxRecordSize = LargestRecord,
            CommentPrefix = dialect.Comment == '\0' ? null : dialect.Comment,
            OnMalformedRecord = record => _malformed = Describe(record.Reason),
        });
        try
        {
            _header = ReadHeader(dialect.HeaderRows);
        }
        catch
        {
            Dispose();
            throw;
        }

        string[][] cells = [.. _head.Body.Select(line => line.Split(dialect.Separator)).Where(line => line.Length == _header.Length)];
        Columns = [.. _header.Select((name, index) => Column(name, [.. cells.Select(line => line[index])]))];
    }

    public override IReadOnlyList<TableColumn> Columns { get; }

    public override IReadOnlyList<string> Notes => _head.Notes;

    public override void Choose(IReadOnlyList<ChosenColumn> columns)
    {
        _chosen = [.. columns];
        _inFile = [.. columns.Select(column => column.InFile)];
    }

    public override bool Fill(TableBlock block)
    {
        block.Rows = 0;
        while (block.Rows < block.Capacity && Read())
        {
            if (_reader.RawRecord.IsEmpty && !SkipToRow())
                break;
            _hasRow = true;
            if (IsSound())
                ReadRow(block);
        }

        if (!_hasRow)
            throw new TableFormatException($"only a header in {_path}", "rows of numbers below it", "add data rows");
        return block.Rows > 0;
    }

    public override string Describe(long place) => $"{_path}:{place}";

    public override string? Advice(string cell) => _cells.Advice(cell);

    public override void AddProblems(ProblemList problems) => problems.AddRange(_rows.ToList());

    public override void Dispose()
    {
        _reader.Dispose();
        base.Dispose();
    }

    /// <summary>What the first lines show of a column: texts or times where enough cells are such and none is a number.</summary>
    private TableColumn Column(string name, string[] cells)
    {
        string[] present = [.. cells.Where(cell => !_cells.IsMissing(Encoding.UTF8.GetBytes(cell)))];
        if (present.Any(cell => _cells.TryNumber(Encoding.UTF8.GetBytes(cell), out _)))
            return new(name);

        // One text again and again may stand for a missing value in a column whose numbers begin further down.
        return TimeText.Column(name, present) ?? new(
            name, present.Length >= EnoughCells && present.Distinct(StringComparer.Ordinal).Skip(1).Any() ? CellType.Text : null);
    }

    private bool Read()
    {
        try
        {
            return _reader.Read();
        }
        catch (CsvFormatException error)
        {
            throw new TableFormatException(
                $"a row at {_path}:{error.LineNumber + _linesAbove} longer than {LargestRecord >> 20} MiB", "shorter rows",
                "look for an unclosed quote");
        }
        catch (Exception error) when (_text.Damage(error) is { } damage)
        {
            throw damage;
        }
    }

    private long Line => _reader.LineNumber + _linesAbove;

    private string[] ReadHeader(int rows)
    {
        const string Expected = "a header row with the columns' names";
        if (rows == 0)
        {
            int width = _head.Body.Count == 0 ? 0 : _head.Body[0].Count(_head.Dialect.Separator);
            return [.. Enumerable.Range(1, width).Select(i => $"c{i}")];
        }

        string[] header = [];
        for (int row = 0; row < rows; row++)
        {
            if (!Read())
                throw new TableFormatException($"{_path}, which is empty", $"{Expected}, and rows of numbers", "check the file");
            string[] names = [.. Enumerable.Range(0, _reader.FieldCount).Select(i => Encoding.UTF8.GetString(_reader.GetSpan(i)))];
            if (_malformed is not null)
                throw new TableFormatException($"{_malformed} at {_path}:{Line}", "quotes as RFC 4180 has them", "correct the quotes");
            if (row > 0 && names.Length != header.Length)
            {
                throw new TableFormatException(
                    $"{Wording.Count(names.Length, "name")} at {_path}:{Line}", $"{header.Length}, as in the first row of the header",
                    "correct the row, or data.headerRows");
            }

            header = row == 0 ? names : [.. header.Zip(names, (above, name) => $"{above} {name}".Trim())];
        }

        if (header.All(name => name.Length == 0))
            throw new TableFormatException($"no names at {_path}:{Line}", Expected, "add one at the top of the file");
        if (header.All(name => _cells.TryNumber(Encoding.UTF8.GetBytes(name), out _)))
        {
            throw new TableFormatException(
                $"numbers at {_path}:{Line}: {Wording.List(header)}", Expected,
                "put one above the numbers, or write data.headerRows: 0, which names the columns c1, c2, …");
        }

        return header;
    }

    private bool SkipToRow()
    {
        long line = Line;
        while (Read())
        {
            if (_reader.RawRecord.IsEmpty)
                continue;
            for (; line < Line; line++)
                AddAtLine(line, "an empty line", "a row of numbers", "fill the gap or remove the line");
            return true;
        }

        return false;
    }

    private bool IsSound()
    {
        if (_malformed is { } malformed)
        {
            _malformed = null;
            AddAtLine(Line, malformed, "quotes as RFC 4180 has them", "correct the quotes");
            return false;
        }

        if (_reader.FieldCount == _header.Length)
            return true;
        string expected = $"{_header.Length}, as in the {(_head.Dialect.HeaderRows == 0 ? "first row" : "header")}";
        AddAtLine(Line, Wording.Count(_reader.FieldCount, "field"), expected, "correct the row");
        return false;
    }

    private void ReadRow(TableBlock block)
    {
        int row = block.Rows++;
        long line = block.Places[row] = Line;
        Span<double> cells = block.All;
        int stride = block.Capacity;
        for (int i = 0; i < _inFile.Length; i++)
        {
            ReadOnlySpan<byte> cell = _reader.GetSpan(_inFile[i]);
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

    private void AddAtLine(long line, string found, string expected, string remedy) =>
        _rows.AddInFile(_path, () => new(DataKeys.Source, $"{found} at {_path}:{line}", expected, remedy));

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.StrayQuote => "a quote inside a field that is not quoted",
        CsvMalformedReason.TextAfterClosingQuote => "text after a closing quote",
        CsvMalformedReason.UnterminatedQuote => "a quote that is not closed",
        _ => "malformed quotes",
    };
}
