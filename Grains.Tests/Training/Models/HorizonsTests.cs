using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Data;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>
/// Several rows that are forecast from each row by outputs of their own; whole runs are compared with PyTorch's by the goldens.
/// </summary>
public sealed class HorizonsTests : IDisposable
{
    private const int Rows = 40;
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    /// <summary>Rows that are held out are no targets of those that are trained on, and rows behind the last one are none.</summary>
    [Fact]
    public void Targets_AreTheNextRows_AsFarAsTheirPartGoes()
    {
        string path = _models.Write("x.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},{100 + i}\n")));
        using IDataSource data = Given.Open(Given.Csv(path, lanes: 2, fraction: 0.25).From<CsvSource>(
            csv => csv with { Inputs = ["a"], Targets = ["a", "b"], Horizons = 3 }));

        Assert.Equal((6, true), (data.Shape.TargetFeatures, data.Shape.IsMasked));
        Assert.Equal(["a +1", "a +2", "a +3", "b +1", "b +2", "b +3"], data.Description.Targets);

        // Of the first 15 rows, two lanes of 7: the second one's last rows reach to row 14, the first one's into the second.
        Assert.Equal([1, 2, 3, 101, 102, 103], Row(data.Training, 0, 0));
        Assert.Equal([7, 8, 9, 107, 108, 109], Row(data.Training, 0, 6));
        Assert.Equal([13, 14, float.NaN, 113, 114, float.NaN], Row(data.Training, 1, 5));
        Assert.Equal([14, float.NaN, float.NaN, 114, float.NaN, float.NaN], Row(data.Training, 1, 6));
        var held = data.Validation!;
        Assert.Equal([16, 17, 18, 116, 117, 118], Row(held, 0, 0));
        Assert.Equal([19, float.NaN, float.NaN, 119, float.NaN, float.NaN], Row(held, held.Count - 1, held.Length(held.Count - 1) - 1));
        Assert.Equal(Math.Sqrt(9), held.Units!.NaiveRmse(2)!.Value, 1e-6);
        Assert.Equal(1, held.Units!.NaiveError(0, 5), 1e-6);

        static float[] Row(ISequenceSet set, int sequence, int step)
        {
            var row = new float[6];
            set.ReadTargets(new(sequence, step, 1), row);
            return row;
        }
    }

    [Fact]
    public void TargetsOfSeries_EndWithEachSeries()
    {
        string path = _models.Write("x.csv", "id,a\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"{(i < 5 ? "n" : "s")},{i}\n")));
        using IDataSource data = Given.Open(Given.Csv(path, lanes: 1).From<CsvSource>(
            csv => csv with { Series = "id", Inputs = ["a"], Targets = ["a"], Horizons = 2 }));

        var rows = new float[2 * data.Training.Length(0)];
        data.Training.ReadTargets(new(0, 0, data.Training.Length(0)), rows);

        Assert.Equal([1, 2, 2, 3, 3, 4, 4, float.NaN], rows);
    }

    /// <summary>Outputs that never have a target would learn nothing.</summary>
    [Theory]
    [InlineData("a\n", 12, 11)]
    [InlineData("id,a\n", 12, 7)]
    public void RowsAheadThatAreNoTarget_AreRefused(string header, int rows, int most)
    {
        bool isPanel = header.StartsWith("id", StringComparison.Ordinal);
        string path = _models.Write("x.csv", header + string.Concat(Enumerable.Range(0, rows).Select(
            i => isPanel ? $"{(i < 4 ? "n" : "s")},{i}\n" : $"{i}\n")));
        DataSpec Of(int horizons) => Given.Csv(path, lanes: 1).From<CsvSource>(
            csv => csv with { Series = isPanel ? "id" : null, Inputs = ["a"], Targets = ["a"], Horizons = horizons });

        using IDataSource data = Given.Open(Of(most));
        var refused = Assert.Throws<SpecException>(() => Given.Open(Of(most + 1)));

        Assert.Equal(
            $"data.horizon: found 1..{most + 1} with at most {most + 1} rows to train on that follow each other, expected 1..{most} at "
            + "most, so that some row has a target so far ahead; lower it, or add data", Assert.Single(refused.Problems).ToString());
    }

    /// <summary>
    /// Forecasts, their errors and what came stand in the same columns of <c>predict</c>, <c>evaluate</c> and <c>backtest</c>.
    /// </summary>
    [Theory]
    [InlineData("mse", 0)]
    [InlineData("{name: quantile, quantiles: [0.1, 0.5, 0.9]}", 1)]
    public async Task Path_IsTheSame_InPredictEvaluateAndBacktest(string loss, int point)
    {
        const int Ahead = 4, Cuts = 3;
        string package = _models.Save(_models.Trained(OneSeries(Rows), $"horizon: 1..{Ahead},", loss: loss));
        string rows = _models.Write("all.csv", OneSeries(Rows)), predicted = _models.File("p.csv"), tested = _models.File("b.csv");
        string errors = _models.File("e.csv");

        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", rows, "--output", predicted));
        Assert.Equal(0, await _console.RunAsync(
            "backtest", package, "--input", rows, "--cuts", $"{Cuts}", "--output", tested, "--plot", _models.File("plot.png")));
        Assert.Equal(0, await _console.RunAsync("evaluate", package, "--input", rows, "--season", "5", "--output", errors));

        string[] lines = File.ReadAllLines(predicted);
        int width = point == 0 ? 1 : 3;
        string[] heads = lines[0].Split(',');
        Assert.Equal(1 + (Ahead * width), heads.Length);
        Assert.Equal(point == 0 ? ["sales +1", "sales +2"] : ["sales_q0.1 +1", "sales_q0.5 +1"], heads[1..3]);
        double[][] path = [.. lines.Skip(1).Select(line => line.Split(',').Skip(1).Select(Number).ToArray())];
        string[] header = File.ReadAllLines(tested)[0].Split(',');
        var backtest = File.ReadAllLines(tested).Skip(1).Select(line => line.Split(',')).ToList();
        Assert.Equal(Cuts * Ahead, backtest.Count);
        double[] sales = [.. OneSeries(Rows).Split('\n').Skip(1).Where(line => line.Length > 0).Select(Number)];
        foreach (var (i, cells) in backtest.Index())
        {
            int row = Rows - (Ahead * (Cuts - (i / Ahead))), ahead = i % Ahead;
            Assert.Equal(path[row - 1][(ahead * width) + point], Number(cells[Array.IndexOf(header, "forecast")]));
            Assert.Equal(sales[row + ahead], Number(cells[Array.IndexOf(header, "actual")]), 1e-4);
            Assert.Equal(sales[row - 1], Number(cells[Array.IndexOf(header, "naive")]), 1e-4);
        }

        // Of each row ahead, over all rows that have it.
        foreach (var (ahead, line) in File.ReadAllLines(errors).Skip(1).Index())
        {
            string[] cells = line.Split(',');
            int[] from = [.. Enumerable.Range(0, Rows - 1 - ahead)];
            double[] off = [.. from.Select(row => path[row][(ahead * width) + point] - sales[row + 1 + ahead])];
            Assert.Equal(($"sales +{ahead + 1}", $"{off.Length}"), (cells[1], cells[2]));

            // Targets were rounded to float32 when they were standardised.
            Assert.Equal(Math.Sqrt(off.Average(one => one * one)), Number(cells[3]), 1e-5);
            Assert.Equal(
                from.Average(row => Math.Abs(sales[row + 1 + ahead] - sales[row])),
                Number(cells[Array.IndexOf(File.ReadAllLines(errors)[0].Split(','), "naive MAE")]), 1e-5);
        }

        Assert.Contains("ahead    1 to 4 rows", _console.Output, StringComparison.Ordinal);
        Assert.Equal(2, await _console.RunAsync("backtest", package, "--input", rows, "--horizon", "5"));
        Assert.Contains("--horizon: found 5, expected at most 4, as the model was trained", _console.Error, StringComparison.Ordinal);

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>Rows that come one by one are answered with the same path.</summary>
    [Fact]
    public void Rows_AreAnsweredWithThePath()
    {
        var package = _models.Trained(OneSeries(Rows), "horizon: 1..3,");
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        string rows = _models.Write("all.csv", OneSeries(Rows));
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, rows);
        double[] last = [];
        Forecaster.Run(package, data, new float[Forecaster.HiddenLength(package)], (_, forecasts) => last = forecasts[^3..].ToArray());
        using var predictor = new StepPredictor(package.Spec, encoder.Shape, package.Parameters.Span);
        float[] before = new float[predictor.HiddenLength], after = new float[predictor.HiddenLength], outputs = new float[3];
        foreach (string line in File.ReadAllLines(rows).Skip(1))
        {
            var values = new float[1];
            Assert.Null(encoder.Encode([double.Parse(line, CultureInfo.InvariantCulture)], [], [], values, []));
            predictor.Step(1, values, [], before, after, outputs);
            (before, after) = (after, before);
        }

        var answer = new double[3];
        encoder.ToUnits([], outputs, answer);

        Assert.Equal(["sales +1", "sales +2", "sales +3"], encoder.Targets);
        Assert.Equal((1, 3), (encoder.Horizon, encoder.Farthest));
        Assert.Equal(last, answer);
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(data.AheadOf));
    }

    [Fact]
    public void Range_IsReadAndWritten_AndOneNumberAsBefore()
    {
        var several = Sound("horizon: 1..24");
        Assert.Equal((1, 24), (several.Horizon, several.Horizons));
        Assert.Contains("  horizon: 1..24\n", Written("horizon: 1..24"), StringComparison.Ordinal);
        Assert.Contains("  horizon: 3\n", Written("horizon: 3"), StringComparison.Ordinal);
        Assert.Equal(Sound("horizon: 1"), Sound("horizon: 1..1"));
    }

    [Theory]
    [InlineData("horizon: 2..4", "data.horizon: found 2..4, expected a whole number of 1 or more, or a range from 1 on")]
    [InlineData("horizon: 1..10001", "data.horizon: found 1..10001, expected 1..10000 at most")]
    [InlineData("horizon: 1..2000000000", "data.horizon: found 1..2000000000, expected 1..10000 at most")]
    [InlineData("horizon: 1..0", "expected a whole number of 1 or more, or a range from 1 on")]
    [InlineData("horizon: 1..3\n  inputs: [x]\n  known: [x]", "data.horizon: found 1..3 with data.known, expected one number")]
    public void WhatIsNoRange_IsRefused(string keys, string problem) => Assert.Contains(
        problem, SpecFixture.Problem(Spec(keys)), StringComparison.Ordinal);

    private static CsvSource Sound(string keys) => (CsvSource)SpecFixture.Sound(Spec(keys)).Data.Source;

    private static string Written(string keys) => SpecWriter.ToYaml(SpecFixture.Sound(Spec(keys)));

    private static string Spec(string keys) => SpecFixture.Sine.With("  source: csv:x.csv").After("  batchSize", $"  {keys}");
}
