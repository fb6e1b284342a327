using System.Globalization;
using Orleans.Tbptt.Tests.Client;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>The errors of a model's forecasts stand next to those of forecasts without a model.</summary>
public sealed class EvaluatorTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(2, 4)]
    [InlineData(3, 2)]
    public async Task BaselineErrors_AreThoseOfTheLastValueAndOfASeasonAgo_OfEachSeries(int horizon, int season)
    {
        string package = _models.Save(_models.Trained(Panel(), $"series: shop, time: day, scale: series, horizon: {horizon},"));
        string errors = _models.File("errors.csv");

        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", _models.Write("all.csv", Panel()), "--season",
            $"{season}", "--output", errors));

        string[] lines = File.ReadAllLines(errors);
        Assert.Equal("series,target,elements,RMSE,MAE,sMAPE,MASE,naive RMSE,naive MAE,seasonal naive RMSE,seasonal naive MAE", lines[0]);
        int back = season * ((horizon + season - 1) / season);
        foreach (string shop in (string[])["north", "south"])
        {
            double[] sales = [.. Panel().Split('\n').Select(line => line.Split(',')).Where(cells => cells.Length > 1 && cells[1] == shop)
                .Select(cells => Number(cells[5]))];
            double[] found = [.. lines.Single(line => line.StartsWith(shop, StringComparison.Ordinal)).Split(',').Skip(7).Select(Number)];
            double[] naive = [.. Enumerable.Range(horizon, 30 - horizon).Select(row => sales[row] - sales[row - horizon])];
            double[] seasonal = [.. Enumerable.Range(back, 30 - back).Select(row => sales[row] - sales[row - back])];

            // Values were rounded to float32 when they were standardised: 6e-8 of a deviation of less than 4.
            double[] expected = [Rmse(naive), Mae(naive), Rmse(seasonal), Mae(seasonal)];
            Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
            Assert.Equal(4, found.Length);
        }

        Assert.Matches(
            @"TEST RMSE +TEST MAE +TEST SMAPE +TEST MASE +NAIVE RMSE +NAIVE MAE +SEASONAL NAIVE RMSE +SEASONAL NAIVE MAE", _console.Output);
        Assert.Contains($"season   {season} rows\n", _console.Output, StringComparison.Ordinal);

        static double Rmse(double[] errors) => Math.Sqrt(errors.Average(one => one * one));
        static double Mae(double[] errors) => errors.Average(Math.Abs);
        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>A season is known where a step of the spec is a day or a part of it; otherwise there is none to compare with.</summary>
    [Theory]
    [InlineData("step: 1d,", "season   7 rows, by data.step: 1d\n")]
    [InlineData("step: 8h,", "season   3 rows, by data.step: 8h\n")]
    [InlineData("", "")]
    public async Task Season_IsThatOfTheStep(string keys, string expected)
    {
        string package = _models.Save(_models.Trained(Panel(), $"series: shop, time: day, {keys}"));

        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", _models.Write("all.csv", Panel())));

        Assert.Contains(expected, _console.Output, StringComparison.Ordinal);
        Assert.Equal(expected.Length > 0, _console.Output.Contains("SEASONAL", StringComparison.Ordinal));
    }

    /// <summary>A target that is no input is not known when it is forecast.</summary>
    [Fact]
    public async Task TargetThatIsNoInput_HasNoBaseline()
    {
        string package = _models.Save(_models.Trained(Panel(), "inputs: [size], series: shop,"));

        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", _models.Write("all.csv", Panel())));

        Assert.DoesNotContain("NAIVE", _console.Output, StringComparison.Ordinal);
    }
}
