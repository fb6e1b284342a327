using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary><c>data.transform</c>: logarithms and differences of columns.</summary>
public sealed class TableTransformTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(ColumnTransform.Log)]
    [InlineData(ColumnTransform.Log1P)]
    public void Logarithms_AreTaken_BeforeStandardising(ColumnTransform kind)
    {
        double[] values = [.. Enumerable.Range(0, 40).Select(i => Math.Exp(i % 7) + (i / 8.0))];
        double[] logs = [.. values.Select(x => kind == ColumnTransform.Log ? Math.Log(x) : Math.Log(1 + x))];
        double mean = logs[..30].Average(), deviation = Math.Sqrt(logs[..30].Average(x => (x - mean) * (x - mean)));
        using IDataSource source = Open(Of(values.Cast<object>(), kind) with { Standardize = true }, 0.25);
        float[] inputs = [.. source.Training.Inputs(0), .. source.Validation!.Inputs(0)];
        int[] rows = [.. Enumerable.Range(0, 29), .. Enumerable.Range(30, 9)];
        for (int i = 0; i < rows.Length; i++)
            Assert.Equal((logs[rows[i]] - mean) / deviation, inputs[i], 1e-6);
        Assert.Equal(source.Training.Inputs(0)[1..], source.Training.Targets(0)[..^1]);

        // Figures are of the column as it stands in the file; its scale is that of the logarithms.
        var column = source.Description.Columns[0];
        Assert.Equal((kind == ColumnTransform.Log ? "log" : "log1p", values.Min()), (column.Transform, column.Min));
        Assert.Equal(mean, column.ScaleMean!.Value, 1e-12);
        Assert.Equal(40, column.Histogram.Sum());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Differences_StayWithinTheirSeries_InTheOrderOfTime(bool isInterleaved, bool isNewestFirst)
    {
        object[][] rows =
        [
            .. Enumerable.Range(0, 30_000).Select(t => new object[] { MemorySource.Day(t), "a", (double)t * t }),
            .. Enumerable.Range(0, 20_000).Select(t => new object[] { MemorySource.Day(t), "b", 1e6 - (3.0 * t) }),
        ];
        if (isInterleaved)
            rows = [.. rows.OrderBy(row => (double)row[0])];
        if (isNewestFirst)
            rows = [.. rows.Reverse()];
        using IDataSource source = Open(new()
        {
            Names = ["t", "id", "x"], Types = [CellType.Time, CellType.Text, null], Rows = rows, Series = "id", Time = "t", Inputs = ["x"],
            Transform = Of("x", ColumnTransform.Difference),
        });
        float[] a = source.Training.Inputs(0), b = source.Training.Inputs(1);
        if (isNewestFirst)
            (a, b) = (b, a);
        if (a.Length < b.Length)
            (a, b) = (b, a);
        Assert.Equal([0f, .. Enumerable.Range(1, 29_998).Select(t => (2f * t) - 1)], a);
        Assert.Equal([0f, .. Enumerable.Repeat(-3f, 19_998)], b);
    }

    [Fact]
    public void FirstDifference_IsTheMean_AndOutOfTheStatistics()
    {
        using IDataSource source = Open(Of([100.0, 101.0, 104.0, 105.0, 108.0, 109.0], ColumnTransform.Difference) with
        {
            Standardize = true,
        });
        Assert.Equal(1.8, source.Description.Columns[0].ScaleMean!.Value, 1e-12);
        Assert.Equal(Math.Sqrt(0.96), source.Description.Columns[0].ScaleDeviation!.Value, 1e-12);
        Assert.Equal(0f, source.Training.Inputs(0)[0]);
        Assert.Equal((1 - 1.8) / Math.Sqrt(0.96), source.Training.Targets(0)[0], 1e-6);
    }

    [Fact]
    public void Differences_OfMissingCells_AreMasked_OrThoseOfFilledOnes()
    {
        object?[] values = [1.0, null, 4.0, 6.0, null, null, 9.0];
        using (IDataSource masked = Open(Of(values, ColumnTransform.Difference) with { MissingValues = MissingValues.Mask }))
        {
            Assert.Equal([0f, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0], masked.Training.Inputs(0, 2));
            Assert.Equal([float.NaN, float.NaN, 2, float.NaN, float.NaN, float.NaN], masked.Training.Targets(0));
        }

        using (IDataSource filled = Open(Of(values, ColumnTransform.Difference) with { MissingValues = MissingValues.Forward }))
            Assert.Equal([0f, 3, 2, 0, 0, 3], filled.Training.Targets(0));
        Assert.StartsWith(
            "data.missingValues: found interpolate with 3 missing cells in column 'x', whose differences are taken, expected mask or "
            + "forward",
            Problem(Of(values, ColumnTransform.Difference) with { MissingValues = MissingValues.Interpolate }), StringComparison.Ordinal);
        Assert.StartsWith(
            "data.missingValues: found no value of 'x' in its row 1 and before",
            Problem(Of([null, .. values], ColumnTransform.Difference) with { MissingValues = MissingValues.Forward }).Replace(
                _directory.File("x.memory"), "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>The naive forecast is the last value once more: the difference 0, and not the difference before.</summary>
    [Theory]
    [InlineData(ColumnTransform.Log)]
    [InlineData(ColumnTransform.Log1P)]
    [InlineData(ColumnTransform.Difference)]
    public void Targets_ComeBackInTheUnitsOfTheFile(ColumnTransform kind)
    {
        double[] values = [.. Enumerable.Range(0, 40).Select(i => 1000 + (100 * Math.Sin(i)) + (i % 3))];
        using IDataSource source = Open(Of(values.Cast<object>(), kind) with { Standardize = true }, 0.25);
        var held = source.Validation!;
        var units = new double[9];
        held.Units!.ToUnits(new(0, 0, 9), 0, held.Targets(0), units);
        for (int i = 0; i < 9; i++)
            Assert.Equal(kind == ColumnTransform.Difference ? values[31 + i] - values[30 + i] : values[31 + i], units[i], 1e-3);
        double naive = Math.Sqrt(Enumerable.Range(31, 9).Average(row => Math.Pow(values[row] - values[row - 1], 2)));
        Assert.Equal(naive, held.Units.NaiveRmse(0)!.Value, 1e-3);
    }

    [Theory]
    [InlineData("0", "log",
        "0 in column 'x' at PATH:4, expected numbers greater than 0, because others have no logarithm; write x: log1p, which is ln(1 + x), "
        + "or leave the column out of data.transform")]
    [InlineData("-1", "log1p",
        "-1 in column 'x' at PATH:4, expected numbers greater than -1, because others have no logarithm; leave the column out of "
        + "data.transform, or correct it")]
    [InlineData("-1", "log",
        "-1 in column 'x' at PATH:4, expected numbers greater than 0, because others have no logarithm; leave the column out of "
        + "data.transform, or correct it")]
    public void Value_IsRefused_WithoutALogarithm(string value, string word, string problem)
    {
        string path = _directory.Write("x.csv", $"x,y\n1,1\n2,2\n{value},3\n4,4\n");
        var source = new CsvSource { Path = path, Transform = Of("x", word == "log" ? ColumnTransform.Log : ColumnTransform.Log1P) };
        Assert.Equal(
            $"data.transform: found {problem}", Given.Problem(new() { Source = source, BatchSize = 1 })
                .Replace(path, "PATH", StringComparison.Ordinal));
    }

    [Fact]
    public void Column_IsRefused_WhichIsNotUsed()
    {
        string path = _directory.Write("x.csv", "x,y\n1,1\n2,2\n3,3\n");
        Assert.Equal(
            "data.transform: found 'y', which is no input and no target of numbers, expected columns of numbers that are used; remove it",
            Given.Problem(new()
            {
                Source = new CsvSource { Path = path, Inputs = ["x"], Transform = Of("y", ColumnTransform.Log) }, BatchSize = 1,
            }));
        Assert.StartsWith(
            "data.transform: found 'z', expected one of the file's columns: 'x', 'y'",
            Given.Problem(new() { Source = new CsvSource { Path = path, Transform = Of("z", ColumnTransform.Log) }, BatchSize = 1 }),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ColumnTransform.Log)]
    [InlineData(ColumnTransform.Log1P)]
    public void ForecastBeyondFloat64_IsTheLargestNumber(ColumnTransform kind)
    {
        var values = new double[3];
        new TransformedUnits(ColumnStatistics.None(1), [kind]).ToUnits(0, 0, 0, [709, 710, 3e38f], values);
        Assert.Equal(Math.Exp(709), values[0], Math.Exp(709) * 1e-14);
        Assert.Equal([double.MaxValue, double.MaxValue], values[1..]);
    }

    [Fact]
    public void LogarithmAndExponential_AreThoseOfTheLibrary_WithinRounding()
    {
        Assert.Equal((double.NegativeInfinity, 0.0), (PortableLogarithm.Of(0), PortableLogarithm.Of(1)));
        Assert.Equal((double.NaN, double.PositiveInfinity), (PortableLogarithm.Of(-1), PortableLogarithm.Of(double.PositiveInfinity)));
        for (int i = 0; i < 20_000; i++)
        {
            double x = double.Exp(80 * CounterRandom.Normal(1, (ulong)i));
            Assert.Equal(Math.Log(x), PortableLogarithm.Of(x), Math.Abs(Math.Log(x)) * 5e-16);
        }

        foreach (double x in (double[])[5e-324, 1e-310, 1 - 1e-16, 1 + 2.3e-16, 1.4142135623730951, 1.7e308])
            Assert.Equal(Math.Log(x), PortableLogarithm.Of(x), Math.Abs(Math.Log(x)) * 5e-16);
        for (int i = 0; i < 20_000; i++)
        {
            double x = Math.Clamp(300 * CounterRandom.Normal(2, (ulong)i), -700, 700);
            Assert.Equal(Math.Exp(x), PortableExponential.Of(x), Math.Exp(x) * 1e-15);
        }

        Assert.Equal((1.0, 0.0, double.PositiveInfinity),
            (PortableExponential.Of(0), PortableExponential.Of(double.NegativeInfinity), PortableExponential.Of(1000)));
        Assert.Equal(1e-20, PortableLogarithm.OfOnePlus(1e-20));
        Assert.Equal(1e-9 - 5e-19, PortableLogarithm.OfOnePlus(1e-9), 1e-24);
    }

    private static NamedValues<ColumnTransform> Of(string column, ColumnTransform kind) => new([new(column, kind)]);

    private static MemorySource Of(IEnumerable<object?> values, ColumnTransform kind) => new()
    {
        Names = ["x"], Types = [null], Rows = [.. values.Select(value => new object?[] { value })], Transform = Of("x", kind),
    };

    private IDataSource Open(MemorySource source, double fraction = 0) => Given.Open(source.In(_directory, fraction));

    private string Problem(MemorySource source) => Given.Problem(source.In(_directory));
}
