using System.Text;
using CsvHelper;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>What a CSV file holds: its columns and rows, read once from end to end.</summary>
internal sealed class CsvSurvey
{
    private const int LargestRecord = 4 << 20;
    private const int MaxFaults = 3;

    private readonly string _path;
    private readonly List<DataFault> _faults = [];
    private string? _malformed;

    private CsvSurvey(string path) => _path = path;

    /// <summary>The columns, in the file's order.</summary>
    public IReadOnlyList<SurveyedColumn> Columns { get; private set; } = [];

    /// <summary>Rows below the header.</summary>
    public long Rows { get; private set; }

    /// <summary>The columns that can be trained on; where nothing else is left, those that merely count up, too.</summary>
    public IReadOnlyList<SurveyedColumn> Numbers => Columns.Any(column => column.Kind == ColumnKind.Numbers && column != Series)
        ? [.. Columns.Where(column => column.Kind == ColumnKind.Numbers && column != Series)]
        : [.. Columns.Where(column => column.Kind == ColumnKind.Index && column != Series && !TimeText.IsUnit(column.Name))];

    /// <summary>The column that names the series of a row; null where all rows are one series.</summary>
    public SurveyedColumn? Series { get; private set; }

    /// <summary>The column that says when a row was measured: dates before numbers, points in time before running numbers, which
    /// rise from one series to the next, and a time in order before one that may begin again each day; null for none.</summary>
    public SurveyedColumn? Time =>
        Columns.FirstOrDefault(column => column.Kind == ColumnKind.Times)
            ?? Columns.Where(column => column.Kind == ColumnKind.Index && TimeText.IsPoint(column.Name))
                .MinBy(column => column.Numbers is { Falls: > 0, IsFalling: false })
            ?? Columns.FirstOrDefault(column => column.Kind == ColumnKind.Index);

    /// <summary>Surveys a file.</summary>
    /// <exception cref="DataFaultException">It cannot be trained on as it is.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CsvSurvey Of(string path)
    {
        CsvHead.Check(path);
        var survey = new CsvSurvey(path);
        survey.Read();
        if (survey._faults.Count > 0)
            throw new DataFaultException(path, survey._faults);
        survey.Series = CsvSeries.Of(survey);
        if (CsvFaults.Of(survey, path) is { Count: > 0 } faults)
            throw new DataFaultException(path, faults);
        return survey;
    }

    /// <summary>Passes the cells of two columns to <paramref name="take"/>, row by row.</summary>
    public void Scan(SurveyedColumn one, SurveyedColumn other, Action<string, string> take)
    {
        (int first, int second) = (IndexOf(one), IndexOf(other));
        using FileStream stream = File.OpenRead(_path);
        using CsvReader reader = Open(stream);
        reader.Read();
        while (reader.Read())
        {
            if (reader.FieldCount == Columns.Count)
                take(Cell(reader, first), Cell(reader, second));
        }
    }

    /// <summary>Where a column stands, from 0.</summary>
    public int IndexOf(SurveyedColumn column) => Columns.Index().First(one => one.Item == column).Index;

    private void Read()
    {
        using FileStream stream = File.OpenRead(_path);
        using CsvReader reader = Open(stream);
        try
        {
            reader.Read();
            Columns = [.. Enumerable.Range(0, reader.FieldCount).Select(index => new SurveyedColumn(Cell(reader, index)))];
            foreach (var same in Columns.Where(column => column.Name.Length > 0).GroupBy(column => column.Name)
                .Where(same => same.Count() > 1))
                Add($"{same.Count()} columns named '{Text.OneLine(same.Key)}'", "a different name for each column", "rename one");
            while (_faults.Count < MaxFaults && reader.Read())
                ReadRow(reader);
        }
        catch (CsvFormatException exception)
        {
            Add($"a row of more than {LargestRecord >> 20} MiB on line {exception.LineNumber}", "shorter rows",
                "look for an unclosed quote");
        }

        if (Rows == 0 && _faults.Count == 0)
            Add("a header only", "rows of numbers below it", "add data");
    }

    private CsvReader Open(FileStream stream) => CsvReader.Create(stream, new()
    {
        Separator = ',', HasHeader = false, SkipEmptyLines = false, TrimWhitespace = true, TrackLineNumbers = true,
        MaxRecordSize = LargestRecord, OnMalformedRecord = record => _malformed = $"{record.Reason}",
    }, leaveOpen: true);

    private void ReadRow(CsvReader reader)
    {
        long line = reader.LineNumber;
        if (reader.RawRecord.IsEmpty)
        {
            while (reader.Read() && reader.RawRecord.IsEmpty)
            {
                // Empty lines at the end are no rows.
            }

            if (reader.RawRecord.IsEmpty)
                return;
            Add($"an empty line, {line}", "a row", $"remove the line, or fill the gap: sed -i {line}d {Shell.Word(_path)}");
        }

        if (_malformed is { } reason)
        {
            _malformed = null;
            Add($"malformed quotes ({reason}) on line {line}", "quotes as RFC 4180 has them", "correct the quotes");
            return;
        }

        if (reader.FieldCount != Columns.Count)
        {
            Add($"{Text.Plural(reader.FieldCount, "field")} on line {line}", $"{Columns.Count}, as in the header", "correct the row");
            return;
        }

        for (int i = 0; i < Columns.Count; i++)
            Columns[i].Add(reader.GetSpan(i));
        Rows++;
    }

    private static string Cell(CsvReader reader, int index) => Encoding.UTF8.GetString(reader.GetSpan(index));

    private void Add(string found, string expected, string remedy) => _faults.Add(new(found, expected, remedy));
}
