using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Data;

public sealed class CsvSourceTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Rows_ForecastTheHorizon_InEachLane()
    {
        string path = Write("t,a,b", Enumerable.Range(0, 23).Select(i => $"day{i},{i},{i * 10}.5"));
        using IDataSource source =
            Given.Open(Given.Csv(path, lanes: 4).From<CsvSource>(csv => csv with { Inputs = ["b", "a"], Targets = ["a"], Horizon = 2 }));
        Assert.Equal(new(2, 0, 1, 0), source.Shape);
        Assert.Equal(4, source.Training.Count);
        for (int lane = 0; lane < 4; lane++)
        {
            int[] t = [.. Enumerable.Range(lane * 5, 5)];
            Assert.Equal(t.SelectMany(i => new[] { (i * 10) + 0.5f, i }), source.Training.Inputs(lane, 2));
            Assert.Equal(t.Select(i => i + 2f), source.Training.Targets(lane));
        }
    }

    [Fact]
    public void Slices_ReadOnlyTheirStretch_OfALane()
    {
        string path = Write("a", Enumerable.Range(0, 21).Select(i => $"{i}"));
        using IDataSource source = Given.Open(Given.Csv(path, lanes: 2));
        var values = new float[3];
        source.Training.ReadTargets(new(1, 4, 3), values);
        Assert.Equal([15f, 16, 17], values);
    }

    [Fact]
    public void Inputs_AreTheNamedColumnsOfNumbers_WhenLeftOut()
    {
        string path = Write(",month,a,b", Enumerable.Range(0, 5).Select(i => $"{i},2000-0{i + 1},{i},{-i}"));
        using IDataSource source = Given.Open(Given.Csv(path));
        Assert.Equal(new(2, 0, 2, 0), source.Shape);
        Assert.Equal([0f, 0, 1, -1, 2, -2, 3, -3], source.Training.Inputs(0, 2));
    }

    [Fact]
    public void Text_IsReadByRfc4180_WithMarkLineEndsQuotesAndSpaces()
    {
        string path = _directory.Write("x.csv",
            "\uFEFF\"a \"\"1\"\"\", b ,\"no\r\nte\"\r\n 1.5e0 ,\"-2\",\"x,y\"\r\n\"3\", +4 ,\"\r\n\"\r\n5,.5,\r\n\r\n\r\n");
        using IDataSource source = Given.Open(Given.Csv(path).From<CsvSource>(csv => csv with { Inputs = ["a \"1\"", "b"] }));
        Assert.Equal([1.5f, -2, 3, 4], source.Training.Inputs(0, 2));
        Assert.Equal([3f, 4, 5, 0.5f], source.Training.Targets(0, 2));
    }

    [Fact]
    public void Columns_AreStandardised_ByTheTrainingRowsAlone()
    {
        double[] values = [.. Enumerable.Range(0, 100).Select(i => 1e6 + Math.Round(100 * Math.Sin(i), 2) + (i >= 80 ? 5000 : 0))];
        string path = Write("a,same", values.Select(value => FormattableString.Invariant($"{value},7")));
        using IDataSource source = Given.Open(Given.Csv(path, lanes: 3, fraction: 0.2, standardize: true));

        double[] trained = values[..80];
        double mean = trained.Average();
        double deviation = Math.Sqrt(trained.Average(value => (value - mean) * (value - mean)));
        float[] inputs = source.Training.Inputs(1, 2);
        Assert.Equal((trained[26] - mean) / deviation, inputs[0], 1e-5);
        Assert.Equal(0f, inputs[1]);
        Assert.True(source.Validation!.Inputs(0, 2)[0] > 10);
        Assert.All(Enumerable.Range(0, 2), target => Assert.NotNull(source.Validation!.Units!.NaiveRmse(target)));
    }

    [Fact]
    public void Forecast_IsInTheColumnsUnits_NextToTheNaiveOne()
    {
        double[] values = [.. Enumerable.Range(0, 60).Select(i => (double)(i * i % 17))];
        string path = Write("spots,other", values.Select(value => $"{value},1"));
        DataSpec data = Given.Csv(path, lanes: 2, fraction: 0.25, standardize: true)
            .From<CsvSource>(csv => csv with { Inputs = ["other", "spots"], Targets = ["spots"], Horizon = 3 });
        using IDataSource source = Given.Open(data);

        double mean = values[..45].Average();
        double deviation = Math.Sqrt(values[..45].Average(value => (value - mean) * (value - mean)));
        double naive = Math.Sqrt(Enumerable.Range(45, 12).Average(t => Math.Pow(values[t + 3] - values[t], 2)));
        var units = source.Validation!.Units!;
        var inUnits = new double[2];
        units.ToUnits(new(0, 1, 2), 0, [0.5f, float.NaN], inUnits);
        Assert.Equal(naive, units.NaiveRmse(0)!.Value, 1e-5);
        Assert.Equal(mean + (0.5 * deviation), inUnits[0], 1e-9);
        Assert.Equal(double.NaN, inUnits[1]);

        using IDataSource raw = Given.Open(data.From<CsvSource>(csv => csv with { Standardize = false }));
        raw.Validation!.Units!.ToUnits(new(0, 0, 1), 0, [0.25f], inUnits);
        Assert.Equal(0.25, inUnits[0]);
        using IDataSource unseen = Given.Open(data.From<CsvSource>(csv => csv with { Inputs = ["other"] }));
        Assert.Null(unseen.Validation!.Units!.NaiveRmse(0));
    }

    [Fact]
    public void Validation_ReadsTheRowsBehindTraining_AndNoneOfIts()
    {
        string path = Write("a", Enumerable.Range(0, 40).Select(i => $"{i}"));
        using IDataSource source = Given.Open(Given.Csv(path, lanes: 3, fraction: 0.25));
        Assert.Equal([27f], source.Training.Targets(2)[^1..]);
        Assert.Equal([30f, 31, 32, 33, 34, 35, 36, 37, 38], Enumerable.Range(0, 3).SelectMany(i => source.Validation!.Inputs(i)));
        Assert.Equal([31f, 32, 33, 34, 35, 36, 37, 38, 39], Enumerable.Range(0, 3).SelectMany(i => source.Validation!.Targets(i)));
    }

    [Fact]
    public void Sunspots_Open_AsTheExampleReadsThem()
    {
        string path = SourceTree.Of("examples", "data", "sunspots.csv");
        using IDataSource source = Given.Open(Given.Csv(path, lanes: 16, fraction: 0.15, standardize: true)
            .From<CsvSource>(csv => csv with { Inputs = ["sunspots"] }));
        string[] lines = File.ReadAllLines(path)[1..];
        int held = (int)Math.Round(0.15 * lines.Length);
        Assert.Equal(16, source.Training.Count);
        Assert.Equal((lines.Length - held - 1) / 16, source.Training.Length(0));
        Assert.Equal(held - 1, Enumerable.Range(0, source.Validation!.Count).Sum(source.Validation.Length));
        double[] values = [.. lines.Select(line => double.Parse(line.Split(',')[1], CultureInfo.InvariantCulture))];
        double naive = Math.Sqrt(values[^held..].Zip(values[^(held - 1)..]).Average(pair => Math.Pow(pair.First - pair.Second, 2)));
        Assert.Equal(naive, source.Validation.Units!.NaiveRmse(0)!.Value, 1e-4);
    }

    private string Write(string header, IEnumerable<string> rows) =>
        _directory.Write("x.csv", string.Join('\n', rows.Prepend(header)) + "\n");
}
