using System.Globalization;
using System.Text;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>Time, series and missing cells of tables.</summary>
public sealed class TableSeriesTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Series_AreSequences_SplitInTimeEach(bool isInterleaved)
    {
        object[][] rows =
        [
            .. Enumerable.Range(0, 10).Select(t => new object[] { "a", (double)t }),
            .. Enumerable.Range(0, 5).Select(t => new object[] { "b", 100.0 + t }),
        ];
        if (isInterleaved)
            rows = [.. rows.OrderBy(row => (double)row[1] % 100)];
        using IDataSource source = Open(
            new MemorySource { Names = ["id", "x"], Types = [CellType.Text, null], Rows = rows, Series = "id" }, 0.4);
        Assert.Equal((2, 2), (source.Training.Count, source.Validation!.Count));
        Assert.Equal([0f, 1, 2, 3, 4], source.Training.Inputs(0));
        Assert.Equal([1f, 2, 3, 4, 5], source.Training.Targets(0));
        Assert.Equal([100f, 101], source.Training.Inputs(1));
        Assert.Equal([6f, 7, 8], source.Validation.Inputs(0));
        Assert.Equal([104f], source.Validation.Targets(1));
    }

    [Fact]
    public void Series_HaveTheirOwnScale_WhenAskedFor()
    {
        object[][] rows =
            [.. Enumerable.Range(0, 12).Select(i => new object[] { i % 2 == 0 ? "a" : "b", i % 2 == 0 ? i : 1e6 + (10.0 * i) })];
        var source = new MemorySource { Names = ["id", "x"], Types = [null, null], Rows = rows, Series = "id", Standardize = true };
        using IDataSource own = Open(source with { Scale = TableScale.Series });
        double[] a = [0, 2, 4, 6, 8, 10];
        double deviation = Math.Sqrt(a.Average(x => (x - 5) * (x - 5)));
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal((a[i] - 5) / deviation, own.Training.Inputs(0)[i], 1e-6);
            Assert.Equal(own.Training.Inputs(0)[i], own.Training.Inputs(1)[i], 1e-6);
        }

        using IDataSource column = Open(source);
        Assert.All(column.Training.Inputs(0), value => Assert.Equal(-1, value, 1e-3));
        using IDataSource none = Open(source with { Scale = TableScale.None });
        Assert.Equal([0f, 2, 4, 6, 8], none.Training.Inputs(0));
    }

    /// <summary>Nothing scales a series behind the border: unscaled, its errors would hide those of all others.</summary>
    [Fact]
    public void SeriesWithoutAScale_IsNotHeldOut()
    {
        object[][] rows =
        [
            .. Enumerable.Range(0, 10).Select(i => new object[] { "a", (double)i, 1.0 * i }),
            .. Enumerable.Range(6, 4).Select(i => new object[] { "late", (double)i, 1e4 + i }),
            .. Enumerable.Range(0, 10).Select(i => new object[] { "flat", (double)i, 7.0 }),
        ];
        var table = new MemorySource
        {
            Names = ["id", "t", "x"], Types = [CellType.Text, null, null], Rows = rows, Series = "id", Time = "t", Inputs = ["x"],
            Targets = ["x"], Standardize = true, Scale = TableScale.Series,
        };
        var data = table.In(_directory) with { BatchSize = 1, Validation = new() { From = "6" } };
        using IDataSource source = Given.Open(data);
        Assert.Equal(["a", "flat"], Enumerable.Range(0, source.Validation!.Count).Select(source.Validation.SeriesOf));
        Assert.Contains(
            "data.scale: series has no value to scale by in the rows to train on of 1 of 3 series, 'late': what is held out of them is "
            + "left out", source.Description.Remarks);
        Assert.Contains(
            "column 'x' has one value only in the rows to train on of 1 of 3 series, such as 'flat': data.scale: series moves it there to "
            + "0 and does not scale it", source.Description.Remarks);
        Assert.DoesNotContain(source.Description.Columns, column => column.Series == "late");
        using IDataSource all = Given.Open(data.From<MemorySource>(own => own with { Scale = TableScale.Column }));
        Assert.Equal(3, all.Validation!.Count);

        rows = [.. rows.Where(row => row[0] is "late" || (double)row[1] < 6)];
        Assert.StartsWith(
            "data.validation.from: found 6 with data.scale: series, and no series held out there that has a value to train on",
            Assert.Throws<SpecException>(() => Given.Open(data.From<MemorySource>(own => own with { Rows = rows }))).Problems[0].ToString(),
            StringComparison.Ordinal);
    }

    /// <summary>Where the rows to train on have no value of a column, nothing can scale one that comes later.</summary>
    [Theory]
    [InlineData(TableScale.Series, "b", " of series 'b' at PATH:5", " in this series", "or train with data.scale: column")]
    [InlineData(TableScale.Column, "ab", " at PATH:5", "", "or train without the column")]
    public void ValueWithoutAScale_IsRefused(TableScale scale, string without, string where, string rows, string remedy)
    {
        string Row(string id, int t, bool has) => $"{id},{t},{(has ? $"{1e9 + t}" : "")},{t % 3}\n";
        string Table(int first, bool has) => "id,t,x,y\n" + string.Concat(
            from id in new[] { "a", "b" }
            from t in Enumerable.Range(first, 3)
            select Row(id, t, !without.Contains(id, StringComparison.Ordinal) || has));
        string path = _directory.Write("a.csv", Table(0, false)), later = _directory.Write("later.csv", Table(3, false));
        var source = new CsvSource
        {
            Path = path, Series = "id", Time = "t", Inputs = ["x", "y"], Targets = ["y"], MissingValues = MissingValues.Mask, Scale = scale,
        };
        RunSpec spec = Given.Spec(new() { Source = source, BatchSize = 1, Validation = new() { Source = new CsvSource { Path = later } } });
        using (var run = PreparedRun.Prepare(spec))
        {
            Assert.Equal(2, run.Data.Validation!.Count);
            Assert.Contains(run.Description.Contents.Columns, column => column is { Name: "x", ScaleMean: null, ScaleDeviation: null }
                && column.Series == (scale == TableScale.Series ? "b" : null));
        }

        string text = Table(3, true);
        if (scale == TableScale.Column)
            text = text.Replace("a,3,1000000003", "a,3,").Replace("a,4,1000000004", "a,4,").Replace("a,5,1000000005", "a,5,");
        File.WriteAllText(later, text);
        Assert.Equal(
            $"data.validation.source: found 1000000003 in column 'x'{where.Replace("PATH", later, StringComparison.Ordinal)}, the first of "
            + $"3 values, expected no value, because the rows that the model was trained on have none{rows} that would scale it; leave "
            + $"these cells empty, {remedy}",
            Assert.Single(Assert.Throws<SpecException>(() => PreparedRun.Prepare(spec)).Problems).ToString());
    }

    /// <summary>What is trained on does not depend on what is held out.</summary>
    [Fact]
    public void Interpolation_EndsAtTheBorder()
    {
        object?[] x = [1.0, null, 3.0, 4.0, null, null, 10.0, null, null, 13.0];
        using IDataSource source = Open(new MemorySource
        {
            Names = ["x"], Types = [null], Rows = [.. x.Select(value => new[] { value })], MissingValues = MissingValues.Interpolate,
        }, 0.5);
        Assert.Equal([1f, 2, 3, 4], source.Training.Inputs(0));
        Assert.Equal([2f, 3, 4, 4], source.Training.Targets(0));
        Assert.Equal([7f, 10, 11, 12], source.Validation!.Inputs(0));
    }

    [Fact]
    public void NewestFirst_IsTurnedRound_WhenTimeIsNamed_AndRefusedOtherwise()
    {
        var source = new MemorySource
        {
            Names = ["Date", "x"], Types = [CellType.Time, null],
            Rows = [.. Enumerable.Range(0, 10).Select(i => new object[] { MemorySource.Day(9 - i), 9.0 - i })],
        };
        using IDataSource opened = Open(source with { Time = "Date" }, 0.3);
        Assert.Equal([0f, 1, 2, 3, 4, 5], opened.Training.Inputs(0));
        Assert.Equal([7f, 8], opened.Validation!.Inputs(0));
        Assert.Equal(
            $"data.source: found the newest row first, by column 'Date', in {_directory.File("x.memory")}, expected the oldest first, "
            + "because each row is forecast from those above it; write data.time: 'Date', which turns them round", Problem(source));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Date")]
    public void RepeatedTimes_AreReported_WithoutSeries(string? time)
    {
        using IDataSource opened = Open(Table("0 0 1 1 2", "a b a b a") with { Time = time });
        Assert.Equal(
            "2 rows with the time of the row before by 'Date', first at row 1: if the file has several series, write data.series",
            opened.Description.Remarks[0]);
        using IDataSource series = Open(Table("0 0 1 1 2", "a b a b a") with { Time = time, Series = "id" });
        Assert.DoesNotContain(series.Description.Remarks, remark => remark.Contains("data.series", StringComparison.Ordinal));
    }

    [Fact]
    public void Series_AreRefused_WhenTheirNamesAreNoUtf8()
    {
        string text = "store,v\n" + string.Concat(
            Enumerable.Range(0, 8).Select(i => $"{(i < 2 ? "Bonn" : i < 5 ? "Köln" : "Käln")},{i}\n"));
        string path = _directory.Write("x.csv", Encoding.Latin1.GetBytes(text));
        var source = new CsvSource { Path = path, Series = "store", Standardize = false };
        Assert.StartsWith(
            $"data.encoding: found 'K\uFFFDln' in column 'store' at {path}:4, which is no UTF-8, expected text in UTF-8; "
            + "write data.encoding: windows-1252",
            Given.Problem(new() { Source = source, BatchSize = 1 }), StringComparison.Ordinal);
        using IDataSource named = Given.Open(new() { Source = source with { Encoding = "latin1" }, BatchSize = 1 });
        Assert.Equal(3, named.Training.Count);
    }

    [Fact]
    public void SeriesNamedAsAMissingValue_IsKept_ByTheRemedy()
    {
        string path = _directory.Write("x.csv", "country,v\n" + string.Concat(
            Enumerable.Range(0, 9).Select(i => $"{(i % 3) switch { 0 => "MZ", 1 => "NA", _ => "ZA" }},{i}\n")));
        var source = new CsvSource { Path = path, Series = "country", Standardize = false };
        Assert.Equal(
            $"data.series: found 3 rows without a series, first at {path}:3, where 'NA' stands for a missing value, expected a text in "
            + "column 'country' of every row; write data.missing: [\"?\"] if that is the name of a series, or fill these rows",
            Given.Problem(new() { Source = source, BatchSize = 1 }));
        using IDataSource opened = Given.Open(new() { Source = source with { Missing = ["?"] }, BatchSize = 1 });
        Assert.Equal([1f, 4], opened.Training.Inputs(1));
    }

    [Fact]
    public void NewestFirst_ScalesByTheOldestRows()
    {
        using IDataSource opened = Open(new MemorySource
        {
            Names = ["Date", "x"], Types = [CellType.Time, null], Time = "Date", Standardize = true,
            Rows = [.. Enumerable.Range(0, 10).Select(i => new object[] { MemorySource.Day(9 - i), i < 5 ? 1000.0 : i % 2 })],
        }, 0.5);
        Assert.All(opened.Training.Inputs(0), value => Assert.InRange(value, -1.5f, 1.5f));
        Assert.All(opened.Validation!.Inputs(0), value => Assert.True(value > 100));
    }

    [Theory]
    [InlineData("0 1 3 2 4", null, null,
        "data.time: found 2020-01-03 at row 3, below 2020-01-04; time goes back in 1 row and forth in 3, expected rows in the order of "
        + "time; sort the rows by 'Date', or write data.series where the file has several series below each other")]
    [InlineData("0 1 1 2 3", null, "1d",
        "data.step: found 1 row with the time of the row before, first at row 2, expected rows at multiples of 1d; remove them, or write "
        + "data.series where the file has several series")]
    [InlineData("0 1 2 3 4", null, "2d",
        "data.step: found rows that lie 1d apart, expected rows at multiples of 2d; correct data.step, or the rows")]
    [InlineData("0 1 2 3 4", null, "soon", "data.step: found 'soon', expected a time such as 10min, 1h or 1d; correct it")]
    [InlineData("0 1 ? 3 4", null, null,
        "data.time: found 1 row without a time, first at row 2, expected a time in column 'Date' of every row, such as 2020-01-31 12:30; "
        + "correct or remove these rows")]
    [InlineData("0 1 2 3 4", "a a ? a a", null,
        "data.series: found 1 row without a series, first at row 2, expected a text in column 'id' of every row; fill it, or remove "
        + "these rows")]
    public void Rows_AreRefused_OutOfOrder(string days, string? ids, string? step, string problem) =>
        Assert.Equal(problem, Problem(Table(days, ids) with { Time = "Date", Series = ids is null ? null : "id", Step = step }));

    [Theory]
    [InlineData(MissingValues.Forward, new float[] { 1, 1, 1, 4, 5 })]
    [InlineData(MissingValues.Interpolate, new float[] { 1, 2, 3, 4, 5 })]
    public void MissingCells_AreFilled_WithinTheirSeries(MissingValues kind, float[] expected)
    {
        object?[][] rows =
        [
            ["a", 1.0, 7.0], ["a", null, 7.0], ["a", null, 7.0], ["a", 4.0, 7.0], ["a", 5.0, 7.0], ["a", null, 7.0],
            ["b", 50.0, 7.0], ["b", null, 7.0], ["b", 70.0, 7.0],
        ];
        using IDataSource source = Open(new MemorySource
        {
            Names = ["id", "x", "y"], Types = [CellType.Text, null, null], Rows = rows, Series = "id", MissingValues = kind, Inputs = ["x"],
        });
        Assert.Equal(expected, source.Training.Inputs(0));
        Assert.Equal(5f, source.Training.Targets(0)[^1]);
        Assert.Equal(kind == MissingValues.Forward ? [50f, 50] : new float[] { 50, 60 }, source.Training.Inputs(1));
    }

    [Fact]
    public void MissingCells_AreMasked_WithAFlagAsInput_AndOutOfTheLoss()
    {
        object?[][] rows = [[1.0, 5.0], [null, 6.0], [3.0, 7.0], [null, 8.0], [5.0, 9.0], [7.0, 11.0]];
        using IDataSource source = Open(new MemorySource
        {
            Names = ["x", "y"], Types = [null, null], Rows = rows, MissingValues = MissingValues.Mask, Targets = ["x"], Standardize = true,
        });
        Assert.Equal(new(3, 0, 1, 0) { IsMasked = true }, source.Shape);
        double x = Math.Sqrt(5);
        float[] inputs = source.Training.Inputs(0, 3);
        Assert.Equal([-3 / x, 0, -1 / x, 0, 1 / x], inputs.Where((_, i) => i % 3 == 0).Select(value => (double)value), new Close());
        Assert.Equal([1f, 0, 1, 0, 1], inputs.Where((_, i) => i % 3 == 2));
        Assert.Equal([float.NaN, (float)(-1 / x), float.NaN, (float)(1 / x), (float)(3 / x)], source.Training.Targets(0));
    }

    [Fact]
    public void Targets_AreRefused_WhenAPartHasNone()
    {
        object?[][] rows = [[1.0], [2.0], [3.0], [4.0], [null], [null], [null], [null]];
        Assert.StartsWith(
            "data.targets: found no value of 'x' in the validation part, expected at least one", Given.Problem(new MemorySource
            {
                Names = ["x"], Types = [null], Rows = rows, MissingValues = MissingValues.Mask,
            }.In(_directory, 0.5)), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingCells_AreRefused_BeforeTheFirstValue()
    {
        object?[][] rows = [["a", 1.0], ["a", 2.0], ["b", null], ["b", 3.0]];
        Assert.StartsWith(
            "data.missingValues: found no value of 'x' of 'b' in its row 1 and before, expected a first value", Problem(new MemorySource
            {
                Names = ["id", "x"], Types = [CellType.Text, null], Rows = rows, Series = "id", MissingValues = MissingValues.Forward,
            }), StringComparison.Ordinal);
    }

    [Fact]
    public void Series_AreRefused_WhenNoneIsLongEnough() => Assert.StartsWith(
        "data.series: found series of at most 1 row, expected one with 2 rows to train on", Problem(new MemorySource
        {
            Names = ["id", "x"], Types = [CellType.Text, null], Rows = [["a", 1.0], ["b", 2.0]], Series = "id",
        }), StringComparison.Ordinal);

    private sealed class Close : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 1e-6;

        public int GetHashCode(double obj) => 0;
    }

    private static MemorySource Table(string days, string? ids)
    {
        string[] names = (ids ?? "a a a a a").Split(' ');
        return new()
        {
            Names = ["Date", "id", "x"], Types = [CellType.Time, CellType.Text, null],
            Rows =
            [
                .. days.Split(' ').Select((day, i) => new object?[]
                {
                    day == "?" ? null : MemorySource.Day(int.Parse(day, CultureInfo.InvariantCulture)),
                    names[i] == "?" ? null : names[i], (double)i,
                }),
            ],
        };
    }

    private IDataSource Open(MemorySource source, double fraction = 0) => Given.Open(source.In(_directory, fraction));

    private string Problem(MemorySource source) => Given.Problem(source.In(_directory));
}
