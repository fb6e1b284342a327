using System.Text;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Drafts;

/// <summary>What a CSV file holds: its columns and rows, read from end to end as training reads them.</summary>
internal sealed class CsvSurvey
{
    private readonly List<string> _remarks;

    private CsvSurvey(CsvSource source, IReadOnlyList<string> remarks) => (Source, _remarks) = (source, [.. remarks]);

    /// <summary>The file, with the keys that say how it is written.</summary>
    public CsvSource Source { get; }

    /// <summary>What was guessed.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>The columns, in the file's order.</summary>
    public IReadOnlyList<SurveyedColumn> Columns { get; private set; } = [];

    /// <summary>Rows below the header.</summary>
    public long Rows { get; private set; }

    /// <summary>The columns that can be trained on; where nothing else is left, those that merely count up, too.</summary>
    public IReadOnlyList<SurveyedColumn> Numbers => Columns.Any(column => column.IsOfValues && column != Series)
        ? [.. Columns.Where(column => column.IsOfValues && column != Series)]
        : [.. Columns.Where(column => column.Kind == ColumnKind.Index && column != Series && !TimeNames.IsUnit(column.Name))];

    /// <summary>The column that names the series of a row; null where all rows are one series.</summary>
    public SurveyedColumn? Series { get; private set; }

    /// <summary>Whether the newest row comes first, of each series where there are several.</summary>
    public bool IsNewestFirst { get; private set; }

    /// <summary>The column that says when a row was measured: dates before numbers, points in time before running numbers, which
    /// rise from one series to the next, and a time in order before one that may begin again each day; null for none.</summary>
    public SurveyedColumn? Time =>
        Columns.FirstOrDefault(column => column.Kind == ColumnKind.Times)
            ?? Columns.Where(column => column.Kind == ColumnKind.Index && TimeNames.IsPoint(column.Name))
                .MinBy(column => column.Numbers is { Falls: > 0, IsFalling: false })
            ?? Columns.FirstOrDefault(column => column.Kind == ColumnKind.Index);

    /// <summary>Surveys a file.</summary>
    /// <exception cref="DataFaultException">It cannot be trained on as it is.</exception>
    /// <exception cref="SpecException">It is no CSV file, or has rows that are not as the others.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static CsvSurvey Of(string path)
    {
        var proposal = CsvProposal.Of(Path.GetFullPath(path));
        var survey = Read(proposal.Source, proposal.Remarks);
        if (survey.Source.Encoding.Length == 0 && survey.Columns.FirstOrDefault(column => column.HasOtherEncoding) is { } other)
        {
            survey = Read(
                survey.Source with { Encoding = "windows-1252" },
                [.. survey.Remarks, $"texts of column '{other.Name}' are no UTF-8 (write encoding: windows-1252 or latin1)"]);
        }

        while (survey.WithMarks() is var (source, remarks) && Read(source, remarks) is var marked && marked.Readable > survey.Readable)
            survey = marked;
        var series = CsvSeries.Of(survey);
        survey.Series = series?.Column;
        survey.IsNewestFirst = series?.IsNewestFirst ?? survey.Time?.Order.IsFalling == true;
        if (CsvFaults.Of(survey) is { Count: > 0 } faults)
            throw new DataFaultException(path, faults);
        return survey;
    }

    /// <summary>Passes the cells of two columns to <paramref name="take"/>, row by row: both texts, and the number of the second.</summary>
    public void Scan(SurveyedColumn one, SurveyedColumn other, Action<string, string, double> take)
    {
        (int first, int second) = (IndexOf(one), IndexOf(other));
        using CsvRows rows = CsvRows.Open(Source);
        while (rows.Read())
        {
            ReadOnlySpan<byte> cell = rows.Cell(second);
            take(Encoding.UTF8.GetString(rows.Cell(first)), Encoding.UTF8.GetString(cell),
                rows.TryNumber(cell, out double number) ? number : double.NaN);
        }
    }

    /// <summary>Columns in which every cell is a number, or has no value.</summary>
    private int Readable => Columns.Count(column => column.Kind is ColumnKind.Numbers or ColumnKind.Missing or ColumnKind.Index
        or ColumnKind.Constant);

    private int IndexOf(SurveyedColumn column) => Columns.Index().First(one => one.Item == column).Index;

    private static CsvSurvey Read(CsvSource source, IReadOnlyList<string> remarks)
    {
        var survey = new CsvSurvey(source, remarks);
        using CsvRows rows = CsvRows.Open(source);
        survey.Columns = [.. rows.Names.Select(name => new SurveyedColumn(name))];
        for (; rows.Read(); survey.Rows++)
        {
            for (int i = 0; i < survey.Columns.Count; i++)
                survey.Columns[i].Add(rows.Cell(i), rows);
        }

        if (rows.Problems is { Count: > 0 } problems)
            throw new SpecException(problems);
        if (survey.Columns.Where(column => column.Name.Length > 0).GroupBy(column => column.Name).FirstOrDefault(same => same.Count() > 1)
            is { } twice)
        {
            throw new SpecException(new SpecProblem(
                "data.source", $"{twice.Count()} columns named '{twice.Key}' in {source.Path}", "a different name for each column",
                "rename one"));
        }

        return survey;
    }

    /// <summary>The file with the key by which a column whose cells are no numbers is one of numbers; null for none.</summary>
    private (CsvSource Source, IReadOnlyList<string> Remarks)? WithMarks()
    {
        foreach (SurveyedColumn column in Columns)
        {
            if (column.Marks is not [var marked, ..] all)
                continue;
            string remark = $"'{column.FirstOther.Text}' at {Source.Path}:{column.FirstOther.Line} is read as a number with other marks";
            return (marked, [.. _remarks, all.Count > 1 ? $"{remark}: groups of digits, which could be decimals as well" : remark]);
        }

        return null;
    }
}
