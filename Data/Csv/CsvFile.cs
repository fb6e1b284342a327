using System.Globalization;
using System.Text;
using CsvHelper;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Reads a CSV file once, row by row, into a table of the columns that are used. RFC 4180 with a header: commas, quotes, either line end,
/// a byte order mark or none. Empty lines are allowed at the end only, because one in between may be a missing row.
/// </summary>
/// <param name="data">Names the file and its columns.</param>
/// <param name="opened">The checked path to open instead.</param>
/// <param name="problems">Collects the problems.</param>
internal sealed class CsvFile(CsvSource data, string opened, ProblemList problems)
{
    // A quote that is never closed would otherwise pull the rest of the file into memory.
    private const int LargestRecord = 4 << 20;

    private readonly string _path = data.Path;
    private string? _malformed;

    /// <summary>Reads the file; null when that left problems.</summary>
    public (CsvColumns Columns, FloatTable Table)? Read()
    {
        FloatTable? table = null;
        try
        {
            using FileStream stream = File.OpenRead(opened);
            using CsvReader reader = CsvReader.Create(stream, new()
            {
                Separator = ',', HasHeader = false, SkipEmptyLines = false, TrimWhitespace = true, TrackLineNumbers = true,
                MaxRecordSize = LargestRecord, OnMalformedRecord = record => _malformed = Describe(record.Reason),
            }, leaveOpen: true);
            string[]? header = ReadHeader(reader);
            if (header is null)
                return null;
            if (!reader.Read() || (reader.RawRecord.IsEmpty && !SkipToRow(reader)))
            {
                Add("only a header", "rows of numbers below it", "add data rows");
                return null;
            }

            CsvColumns? columns = CsvColumns.TryChoose(data, header, Cells(reader), problems);
            if (columns is null)
                return null;
            table = new(columns.InFile.Count);
            ReadRows(reader, header.Length, columns, table);
            table.Seal();
            if (problems.IsEmpty)
                return (columns, table);
        }
        catch (CsvFormatException error)
        {
            Add(
                $"a row at {_path}:{error.LineNumber} longer than {LargestRecord >> 20} MiB", "shorter rows",
                "look for an unclosed quote");
        }
        catch (TemporaryFileException error)
        {
            Add(
                $"no room for the table of {_path} ({error.Message})", "a directory for temporary files that has room",
                "free some, or set TMPDIR to another directory");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problems.AddRange([InputFile.Unreadable(DataKeys.Source, _path, error)]);
        }

        table?.Dispose();
        return null;
    }

    private string[]? ReadHeader(CsvReader reader)
    {
        if (!reader.Read())
        {
            Add($"{_path}, which is empty", "a header row with the columns' names, and rows of numbers", "check the file");
            return null;
        }

        string[] header = Cells(reader);
        if (_malformed is not null)
            Add($"{_malformed} at {_path}:1", "quotes as RFC 4180 has them", "correct the quotes");
        CsvColumns.CheckHeader(header, _path, problems);
        return problems.IsEmpty ? header : null;
    }

    private bool SkipToRow(CsvReader reader)
    {
        long line = reader.LineNumber;
        while (reader.Read())
        {
            if (reader.RawRecord.IsEmpty)
                continue;
            for (; line < reader.LineNumber; line++)
                AddAtLine(line, "an empty line", "a row of numbers", "fill the gap or remove the line");
            return true;
        }

        return false;
    }

    private void ReadRows(CsvReader reader, int width, CsvColumns columns, FloatTable table)
    {
        var row = new float[columns.InFile.Count];
        do
        {
            if (reader.RawRecord.IsEmpty && !SkipToRow(reader))
                return;
            if (ReadRow(reader, width, columns, row))
                table.Add(row);
        }
        while (reader.Read());
    }

    private bool ReadRow(CsvReader reader, int width, CsvColumns columns, Span<float> row)
    {
        if (_malformed is { } malformed)
        {
            _malformed = null;
            AddAtLine(reader.LineNumber, malformed, "quotes as RFC 4180 has them", "correct the quotes");
            return false;
        }

        if (reader.FieldCount != width)
        {
            AddAtLine(reader.LineNumber, Wording.Count(reader.FieldCount, "field"), $"{width}, as in the header", "correct the row");
            return false;
        }

        bool sound = true;
        for (int i = 0; i < row.Length; i++)
        {
            ReadOnlySpan<byte> cell = reader.GetSpan(columns.InFile[i]);
            if (float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out row[i]) && float.IsFinite(row[i]))
                continue;
            sound = false;
            string found = cell.IsEmpty ? "an empty cell" : Wording.Quote(cell);
            string expected = cell.IsEmpty || !double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
                ? "a number" : "a finite number in the range of float32";
            AddAtLine(reader.LineNumber, $"{found} in column {Wording.Quote(columns.Names[i])}", expected,
                "correct it, or leave the column out of data.inputs and data.targets");
        }

        return sound;
    }

    private void Add(string found, string expected, string remedy) => problems.Add(DataKeys.Source, found, expected, remedy);

    private void AddAtLine(long line, string found, string expected, string remedy) =>
        problems.AddInFile(_path, () => new(DataKeys.Source, $"{found} at {_path}:{line}", expected, remedy));

    private static string[] Cells(CsvReader reader)
    {
        var cells = new string[reader.FieldCount];
        for (int i = 0; i < cells.Length; i++)
            cells[i] = Encoding.UTF8.GetString(reader.GetSpan(i));
        return cells;
    }

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.StrayQuote => "a quote inside a field that is not quoted",
        CsvMalformedReason.TextAfterClosingQuote => "text after a closing quote",
        CsvMalformedReason.UnterminatedQuote => "a quote that is not closed",
        _ => "malformed quotes",
    };
}
