using System.Globalization;
using Apache.Arrow;
using Apache.Arrow.Types;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.JsonLines;
using Orleans.Tbptt.Data.Parquet;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>Times whose texts can be read with the day or the month first.</summary>
public sealed class TimeReadingTests : IDisposable
{
    private const string DayFirst = "dd/MM/yyyy HH:mm", MonthFirst = "MM/dd/yyyy HH:mm";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>The first 250 lines, a day of which every minute is one, leave it open.</summary>
    [Theory]
    [InlineData("csv", DayFirst, 20 * 1440)]
    [InlineData("csv", MonthFirst, 20 * 1440)]
    [InlineData("csv", DayFirst, 2 * 1440)]
    [InlineData("jsonl", DayFirst, 20 * 1440)]
    [InlineData("parquet", DayFirst, 2 * 1440)]
    [InlineData("arrow", MonthFirst, 20 * 1440)]
    [InlineData("arrow", DayFirst, 20 * 1440)]
    public void DayOrMonth_StandsFirst_AsAllRowsShow(string format, string form, int rows)
    {
        using IDataSource source = Open(format, Times(form, rows));
        DateTime last = new DateTime(2020, 2, 1).AddMinutes(rows - 1);
        Assert.Equal(
            new("row 1, 2020-02-01", FormattableString.Invariant($"row {rows:N0}, {last:yyyy-MM-dd HH:mm}")), source.Description.Training);
        Assert.Contains("a row every 1min, without gaps", source.Description.Remarks);
        string read = $"are read with the {(form == DayFirst ? "day" : "month")} first, because they rise most evenly so";
        Assert.Equal(
            rows == 2 * 1440, source.Description.Remarks.Any(remark => remark.Contains(read, StringComparison.Ordinal)));
    }

    [Fact]
    public void NewestFirst_IsReadWithTheDayFirst_WhereTimeFallsEvenlySo()
    {
        using IDataSource source = Open("csv", [.. Times(DayFirst, 2 * 1440).Reverse()]);
        Assert.Equal("row 1, 2020-02-01", source.Description.Training!.First);
    }

    [Fact]
    public void Month_StandsFirst_WhereNothingShowsIt_AndThisIsReported()
    {
        using IDataSource source = Open("csv", Times(DayFirst, 300));
        Assert.Equal("row 1, 2020-01-02", source.Description.Training!.First);
        Assert.Equal(
            "times of column 'date' are read with the month first, and could have the day first as well: write them as 2020-01-31 to make "
            + "it certain", source.Description.Remarks[0]);
    }

    [Fact]
    public void Cell_IsQuoted_WhereItIsNoTime()
    {
        string[] times = [.. Times("MM/dd/yyyy HH:mm", 40 * 1440)];
        times[20_000] = "14/02/2020 21:20";
        Assert.Equal(
            "data.time: found '14/02/2020 21:20' in column 'date' at PATH:20002, which is no time where the month stands first, expected "
            + "the month first, as in the other rows; write all times in one way", Problem(times));
        times[20_000] = "soon";
        Assert.Equal(
            "data.time: found 'soon' in column 'date' at PATH:20002, which is no time, expected a time such as 2020-01-31 12:30; correct "
            + "it",
            Problem(times));
        times[20_000] = "";
        Assert.StartsWith("data.time: found 1 row without a time, first at PATH:20002, expected a time", Problem(times),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Jan 31, 2020", "2020-01-31")]
    [InlineData("January 31 2020 12:30", "2020-01-31 12:30")]
    [InlineData("31-Jan-2020", "2020-01-31")]
    [InlineData("31-JAN-20", "2020-01-31")]
    [InlineData("31 Jan 1969 1:30 PM", "1969-01-31 13:30")]
    [InlineData("31-Jan-69", "1969-01-31")]
    [InlineData("Fri, 31 Jan 2020 12:30:15 +0200", "2020-01-31 10:30:15")]
    [InlineData("2020-Jan-31T12:30Z", "2020-01-31 12:30")]
    [InlineData("Jan 2020", "2020-01-01")]
    [InlineData("Jan-20", "2020-01-01")]
    [InlineData("2020 September", "2020-09-01")]
    [InlineData("Sept 2020 12:30", "2020-09-01 12:30")]
    [InlineData("2020Q3", "2020-07-01")]
    [InlineData("2020-Q4", "2020-10-01")]
    [InlineData("Q1 2020", "2020-01-01")]
    [InlineData("2020-W01", "2019-12-30")]
    [InlineData("2020W53", "2020-12-28")]
    [InlineData("2021-W53", null)]
    [InlineData("2021-W00", null)]
    [InlineData("2020M02", "2020-02-01")]
    [InlineData("2020-M12", "2020-12-01")]
    [InlineData("20200131", "2020-01-31")]
    [InlineData("1/31/20", "2020-01-31")]
    [InlineData("1/31/99 12:30", "1999-01-31 12:30")]
    [InlineData("31/1/20", "2020-01-31")]
    [InlineData("31.01.20", null)]
    [InlineData("20-01-31", null)]
    [InlineData("May 15", null)]
    [InlineData("15 May", null)]
    [InlineData("31 Feb 2020", null)]
    [InlineData("20201331", null)]
    [InlineData("2020Q5", null)]
    [InlineData("2020M13", null)]
    [InlineData("Mayor 2020", null)]
    [InlineData("Jan Feb 2020", null)]
    [InlineData("Jan 31 2020 soon", null)]
    [InlineData("Jan", null)]
    [InlineData("Q1", null)]
    public void Date_IsRead_AsPeopleWriteIt(string text, string? time)
    {
        double[] read = [TimeText.Of(CellType.Time).Value(text), TimeText.Of(CellType.DayFirstTime).Value(text)];
        double found = read.FirstOrDefault(one => !double.IsNaN(one), double.NaN);
        Assert.Equal(time, double.IsNaN(found) ? null : new TimeStep(isTime: true).ShowTime(found));
    }

    /// <summary>Numbers such as 20200131 are dates where the spec says that they are times; else they are numbers.</summary>
    [Fact]
    public void EightDigits_AreDates_WhereTheColumnIsTheTime()
    {
        string[] times =
            [.. Enumerable.Range(0, 90).Select(i => FormattableString.Invariant($"{new DateTime(2020, 1, 1).AddDays(i):yyyyMMdd}"))];
        using IDataSource source = Open("csv", times);
        Assert.Contains("a row every 1d, without gaps", source.Description.Remarks);
        Assert.Equal(new("row 1, 2020-01-01", "row 90, 2020-03-30"), source.Description.Training);
        times[50] = "20201350";
        Assert.StartsWith(
            "data.time: found '20201350' in column 'date' at PATH:52, which is no time", Problem(times), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MMM d yyyy", "a row every 1d, without gaps")]
    [InlineData("MM/dd/yy", "a row every 1d, without gaps")]
    [InlineData("dd-MMM-yy", "a row every 1d, without gaps")]
    public void NewestFirst_IsSeen_HoweverDatesAreWritten(string form, string remark)
    {
        string[] times =
            [.. Enumerable.Range(0, 90).Select(i => new DateTime(2020, 3, 30).AddDays(-i).ToString(form, CultureInfo.InvariantCulture))];
        using (IDataSource source = Open("csv", times))
            Assert.Contains(remark, source.Description.Remarks);
        Assert.StartsWith(
            "data.source: found the newest row first, by column 'date', in ",
            Given.Problem(new() { Source = Source("csv", times) with { Time = null }, BatchSize = 1 }), StringComparison.Ordinal);
    }

    private static string[] Times(string form, int rows) =>
        [.. Enumerable.Range(0, rows).Select(i => new DateTime(2020, 2, 1).AddMinutes(i).ToString(form, CultureInfo.InvariantCulture))];

    private string Problem(string[] times) => Given.Problem(new() { Source = Source("csv", times), BatchSize = 1 })
        .Replace(_directory.File("x.csv"), "PATH", StringComparison.Ordinal);

    private IDataSource Open(string format, string[] times) => Given.Open(new() { Source = Source(format, times), BatchSize = 1 });

    private TableSource Source(string format, string[] times)
    {
        string path = _directory.File($"x.{format}");
        TableSource source = format switch
        {
            "csv" => new CsvSource
            {
                Path = _directory.Write("x.csv", $"date,v\n{string.Concat(times.Select((time, i) => $"{time},{i}\n"))}"),
            },
            "jsonl" => new JsonLinesSource
            {
                Path = _directory.Write("x.jsonl", string.Concat(times.Select((time, i) => $"{{\"date\": \"{time}\", \"v\": {i}}}\n"))),
            },
            "parquet" => new ParquetSource { Path = FormatFiles.Parquet(path, [Batch(times)]) },
            _ => new ArrowSource { Path = FormatFiles.Arrow(path, [Batch(times)]) },
        };
        return source with { Time = "date", Inputs = ["v"], Standardize = false };
    }

    private static RecordBatch Batch(string[] times) => new(
        new Schema([new("date", StringType.Default, false), new("v", DoubleType.Default, false)], null),
        [
            new StringArray.Builder().AppendRange(times).Build(),
            new DoubleArray.Builder().AppendRange(times.Select((_, i) => (double)i)).Build(),
        ], times.Length);
}
