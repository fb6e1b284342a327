using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>What is said of a table that was read.</summary>
public sealed class TableDescriptionTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Description_HasFiguresBordersAndRemarks()
    {
        object?[][] rows =
        [
            .. Enumerable.Range(0, 40).Select(i =>
                new object?[] { MemorySource.Day(i), i is 7 or 31 ? -9999 : Math.Sin(i), 5.0, i == 3 ? null : (object)(double)(i % 4) }),
        ];
        using IDataSource source = Open(new MemorySource
        {
            Names = ["Date", "x", "same", "y"], Types = [CellType.Time, null, null, null], Rows = rows, Time = "Date",
            MissingValues = MissingValues.Forward, Standardize = true,
        }, 0.25);
        Assert.Equal(new("row 1, 2020-01-01", "row 30, 2020-01-30"), source.Description.Training);
        Assert.Equal(new("row 31, 2020-01-31", "row 40, 2020-02-09"), source.Description.Validation);
        var (x, same, y) = (source.Description.Columns[0], source.Description.Columns[1], source.Description.Columns[2]);
        Assert.Equal((40, 0, -9999.0, null), (x.Count, x.Missing, x.Min, x.Distinct));
        Assert.Equal(new(-9999, 2), Assert.Single(x.Suspects));
        Assert.Equal((39, 1, 0.0, 3.0, 4), (y.Count, y.Missing, y.Min, y.Max, y.Distinct));
        Assert.Equal((5.0, 0.0, 5.0, 1.0), (same.Mean, same.Deviation, same.ScaleMean, same.ScaleDeviation));
        Assert.Equal(
            [
                "a row every 1d, without gaps",
                "column 'x' is -9999 in 2 rows, far from all others: if it stands for a missing value, name it in data.missing",
                "column 'same' has one value only, 5",
            ],
            source.Description.Remarks);
    }

    [Theory]
    [InlineData(1, "a row every month, without gaps")]
    [InlineData(3, "a row every quarter, without gaps")]
    [InlineData(12, "a row every year, without gaps")]
    public void Description_NamesPeriodsOfTheCalendar_WhichHaveNoOneLength(int months, string remark)
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["Date", "x"], Types = [CellType.Time, null], Time = "Date",
            Rows = [.. Enumerable.Range(0, 60).Select(i =>
                new object[] { (new DateTime(1990, 1, 1).AddMonths(i * months) - DateTime.UnixEpoch).Ticks / 10.0, Math.Sin(i) })],
        });

        Assert.Equal([remark], source.Description.Remarks);
    }

    /// <summary>A table that is turned round has years in the place of columns: each would be an input.</summary>
    [Theory]
    [InlineData("1990,1991,1992,1993,1994", true)]
    [InlineData("2020-01,2020-02,2020-03,2020-04,2020-05,2020-06", true)]
    [InlineData("1990,1991,1992,1993", false)]
    [InlineData("1994,1993,1992,1991,1990", false)]
    [InlineData("a,b,c,1991,1992,1993,1994,1995", false)]
    public void Description_Warns_OfColumnsThatAreTimes(string names, bool warns)
    {
        string[] columns = names.Split(',');
        using IDataSource source = Open(new MemorySource
        {
            Names = columns, Types = new CellType?[columns.Length],
            Rows = [.. Enumerable.Range(0, 60).Select(i => columns.Select((_, column) => (object)Math.Sin(i + column)).ToArray())],
        });

        Assert.Equal(warns, source.Description.Remarks.Any(remark =>
            remark.StartsWith($"columns '{columns[0]}', ", StringComparison.Ordinal)
            && remark.Contains(" are named as points in time: if time runs from left to right, turn", StringComparison.Ordinal)));
    }

    [Fact]
    public void Description_Warns_OfInputsWithoutAValue()
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["x", "none", "late"], Types = [null, null, null], Inputs = ["x", "none", "late"], Targets = ["x"], Standardize = true,
            MissingValues = MissingValues.Mask,
            Rows = [.. Enumerable.Range(0, 20).Select(i => new object?[] { (double)i, null, i < 15 ? null : 1.0 * i })],
        }, 0.25);
        Assert.Equal(
            [
                "column 'none' has no value: a model learns nothing of it",
                "column 'late' has no value in the rows to train on: a model learns nothing of it",
            ],
            source.Description.Remarks);
    }

    /// <summary>A column that rises or falls in every row is seldom an input; one that the spec names is meant.</summary>
    [Theory]
    [InlineData(1, "rises in every row: if it is the time of the rows, write data.time: 'clock'; if it counts them")]
    [InlineData(-1, "falls in every row: if it is the time of the rows, write data.time: 'clock', which turns them round; if it counts")]
    public void Description_Warns_OfInputsThatRiseOrFall(int sign, string remark)
    {
        var table = new MemorySource
        {
            Names = ["clock", "x"], Types = [null, null],
            Rows = [.. Enumerable.Range(0, 40).Select(i => new object?[] { 1000.0 + (sign * i), Math.Sin(i) })],
        };
        using IDataSource source = Open(table, 0.25);
        Assert.StartsWith($"column 'clock' {remark}", Assert.Single(source.Description.Remarks), StringComparison.Ordinal);
        using IDataSource named = Open(table with { Inputs = ["clock", "x"] }, 0.25);
        Assert.Empty(named.Description.Remarks);
    }

    [Fact]
    public void Description_Warns_OfNamesThatDifferInCase()
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["city", "open", "x"], Types = [CellType.Text, CellType.Text, null], Series = "city", Categorical = ["open"],
            Rows = [.. Enumerable.Range(0, 40).Select(i =>
                new object?[] { i % 2 == 0 ? "Rome" : "rome", i % 3 == 0 ? "TRUE" : "True", Math.Sin(i) })],
        });
        Assert.Equal(
            [
                "series 'Rome' and 'rome' differ in case alone, and are two",
                "classes 'TRUE' and 'True' of column 'open' differ in case alone, and are two",
            ],
            source.Description.Remarks);
    }

    /// <summary>Minus one stands for no value among large numbers, and for itself among small ones.</summary>
    [Theory]
    [InlineData(1000, true)]
    [InlineData(0, false)]
    public void MinusOne_IsSuspected_FarFromAllOthers(double level, bool isSuspected)
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["x"], Types = [null],
            Rows = [.. Enumerable.Range(0, 40).Select(i => new object?[] { i == 9 ? -1.0 : level + (i % 7) })],
        });
        Assert.Equal(isSuspected, source.Description.Columns[0].Suspects.Count > 0);
    }

    /// <summary>A row of totals below the others is data like any other to a reader that does not look at its time.</summary>
    [Theory]
    [InlineData("Total,999", "where 'Total' stands")]
    [InlineData(",999", "first at PATH:62: look")]
    public void RowWithoutATime_IsReported_WhereNoColumnOfTimeIsNamed(string row, string remark)
    {
        string path = _directory.Write("x.csv", "date,load\n" + string.Concat(Enumerable.Range(0, 60).Select(i =>
            $"{new DateTime(2020, 1, 1).AddDays(i):yyyy-MM-dd},{i % 7}\n")) + row + "\n");
        using IDataSource source = Given.Open(Given.Csv(path));
        string found = Assert.Single(source.Description.Remarks, one => one.StartsWith("1 row without a time", StringComparison.Ordinal));
        Assert.Contains("look whether they are rows of data, and no totals or remarks", found, StringComparison.Ordinal);
        Assert.Contains(remark.Replace("PATH", path, StringComparison.Ordinal), found, StringComparison.Ordinal);
    }

    [Fact]
    public void Description_NamesSeries_ThatAreNotValidatedOn()
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["id", "x"], Types = [CellType.Text, null], Series = "id",
            Rows = [.. Enumerable.Range(0, 24).Select(i => new object?[] { i < 20 ? "a" : "b", (double)i })],
        }, 0.25);
        Assert.Equal(["1 of 2 series are too short to validate on and left out there, such as 'b'"], source.Description.Remarks);
        Assert.Equal((2, 1), (source.Training.Count, source.Validation!.Count));
    }

    [Fact]
    public void Description_HasTheDistributionOfEachColumn()
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["x", "y"], Types = [null, null], Standardize = true,
            Rows = [.. Enumerable.Range(0, 160).Select(i => new object[] { (double)i, i < 150 ? 1.0 : 33.0 })],
        });

        Assert.Equal(Enumerable.Repeat(10L, 16), source.Description.Columns[0].Histogram);
        Assert.Equal((150L, 10L, 16), (source.Description.Columns[1].Histogram[0], source.Description.Columns[1].Histogram[15],
            source.Description.Columns[1].Histogram.Count));
    }

    [Fact]
    public void Description_Warns_WhereStandardisingLeavesFewValues()
    {
        using IDataSource source = Open(new MemorySource
        {
            Names = ["x"], Types = [null], Standardize = true,
            Rows = [.. Enumerable.Range(0, 200).Select(i => new object[] { i == 150 ? 1e12 : 1.0 + (i % 100) })],
        });
        Assert.Matches("^standardising leaves [0-9]+ of 101 different values in the first 200 rows of column 'x'",
            Assert.Single(source.Description.Remarks));
    }

    private IDataSource Open(MemorySource source, double fraction = 0) => Given.Open(source.In(_directory, fraction));
}
