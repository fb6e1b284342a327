using System.Runtime.CompilerServices;
using System.Text;
using CsvHelper;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// The rows of a CSV file, one after another. RFC 4180 with a header: quotes, either line end, and the separator that the spec names or the
/// first lines show. Empty lines are allowed at the end only, because one in between may be a missing row.
/// </summary>
internal sealed class CsvRowReader : IDisposable
{
    // A quote that is never closed would otherwise pull the rest of the file into memory.
    /// <summary>The longest row, in bytes or characters: a quote that does not end is found by it.</summary>
    public const int LargestRecord = 4 << 20;

    private readonly string _path;
    private readonly CsvText _text;
    private readonly CsvReader _reader;
    private readonly ProblemList _problems = new();
    private readonly long _linesAbove;
    private readonly bool _isPart;
    private string? _malformed;
    private bool _hasRow;

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="source">Says how it is written; its path stands in messages.</param>
    /// <param name="open">Opens its bytes; called more than once.</param>
    /// <exception cref="TableFormatException">It is no CSV file, or its first rows are not what the spec says.</exception>
    public CsvRowReader(CsvSource source, Func<Stream> open)
    {
        _path = source.Path;
        _linesAbove = source.SkipRows + source.LinesPassed;
        _isPart = source.ReadAs is not null;
        _text = new(_path, open, source.Encoding, source.SkipRows, _isPart);
        Head = new(source, _text);
        CsvDialect dialect = Head.Dialect;
        Cells = new(source, dialect);
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
            Names = ReadHeader(dialect.HeaderRows);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the first lines show.</summary>
    public CsvHead Head { get; }

    /// <summary>Reads cells.</summary>
    public CsvCells Cells { get; }

    /// <summary>The encoding of the text.</summary>
    public Encoding Encoding => _text.Encoding;

    /// <summary>The names of the columns.</summary>
    public string[] Names { get; }

    /// <summary>The line on which the row begins, from 1.</summary>
    public long Line => _reader.LineNumber + _linesAbove;

    /// <summary>Rows that were passed over, such as those with too few cells.</summary>
    public ProblemList Problems => _problems;

    /// <summary>Moves to the next row with as many cells as there are names.</summary>
    /// <returns>False when no row was left.</returns>
    /// <exception cref="TableFormatException">The file has no row, is damaged, or has one longer than is read.</exception>
    public bool Read()
    {
        while (ReadRecord() && (!_reader.RawRecord.IsEmpty || SkipToRow()))
        {
            _hasRow = true;
            if (IsSound())
                return true;
        }

        return _hasRow || _isPart ? false
            : throw new TableFormatException($"only a header in {_path}", "rows of numbers below it", "add data rows");
    }

    /// <summary>A cell of the row, in UTF-8; valid until the next row is read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Cell(int column) => _reader.GetSpan(column);

    public void Dispose() => _reader.Dispose();

    private bool ReadRecord()
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

    private string[] ReadHeader(int rows)
    {
        const string Expected = "a header row with the columns' names";
        if (rows == 0)
        {
            int width = Head.Body.Count == 0 ? 0 : Head.Body[0].Count(Head.Dialect.Separator);
            return [.. Enumerable.Range(1, width).Select(i => $"c{i}")];
        }

        string[] header = [];
        for (int row = 0; row < rows; row++)
        {
            if (!ReadRecord())
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
        if (header.All(name => Cells.TryNumber(Encoding.UTF8.GetBytes(name), out _)))
        {
            throw new TableFormatException(
                $"numbers at {_path}:{Line}: {Wording.List(header)}", Expected,
                "put one above the numbers, or write data.headerRows: 0, which names the columns c1, c2, …")
            {
                Mend = source => ((CsvSource)source) with { HeaderRows = 0 },
            };
        }

        return header;
    }

    private bool SkipToRow()
    {
        long line = Line;
        while (ReadRecord())
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

        if (_reader.FieldCount == Names.Length)
            return true;
        string expected = $"{Names.Length}, as in the {(Head.Dialect.HeaderRows == 0 ? "first row" : "header")}";
        AddAtLine(Line, Wording.Count(_reader.FieldCount, "field"), expected, "correct the row, or remove it if it is none");
        return false;
    }

    private void AddAtLine(long line, string found, string expected, string remedy) =>
        _problems.AddInFile(_path, () => new(DataKeys.Source, $"{found} at {_path}:{line}", expected, remedy));

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.StrayQuote => "a quote inside a field that is not quoted",
        CsvMalformedReason.TextAfterClosingQuote => "text after a closing quote",
        CsvMalformedReason.UnterminatedQuote => "a quote that is not closed",
        _ => "malformed quotes",
    };
}
