using System.Globalization;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Training.Models;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>Models that predict several numbers of a target, from the file to the forecast.</summary>
public sealed class PredictionTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    [Theory]
    [InlineData("{name: quantile, quantiles: [0.05, 0.5, 0.95]}", "", "row,sales_q0.05 +1,sales_q0.5 +1,sales_q0.95 +1")]
    [InlineData("quantile", "transform: {sales: log1p},", "row,sales_q0.1 +1,sales_q0.5 +1,sales_q0.9 +1")]
    [InlineData("quantile", "transform: {sales: difference},",
        "row,sales_q0.1 difference +1,sales_q0.5 difference +1,sales_q0.9 difference +1")]
    [InlineData("gaussian", "horizon: 2,", "row,sales +2,sales_std +2")]
    [InlineData("student_t", "", "row,sales +1,sales_scale +1,sales_df +1")]
    [InlineData("negative_binomial", "standardize: false,", "row,sales +1,sales_shape +1")]
    public async Task Columns_AreNamed_AndQuantilesRise(string loss, string keys, string header)
    {
        string package = _models.Save(_models.Trained(OneSeries(), keys, loss: loss));
        string rows = _models.Write("rows.csv", OneSeries());

        Assert.Equal(0, await _console.RunAsync("predict", package, "--input", rows));

        string[] lines = _console.Output.TrimEnd().Split('\n');
        Assert.Equal(header, lines[0]);
        foreach (string line in lines.Skip(1))
        {
            double[] values = [.. line.Split(',').Skip(1).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
            if (loss.Contains("quantile", StringComparison.Ordinal))
                Assert.Equal(values.Order(), values);
            else
                Assert.All(values.Skip(1), value => Assert.True(value > 0));
        }
    }

    /// <summary>The scale of a column widens a standard deviation and does not move it.</summary>
    [Fact]
    public void Spread_IsWidened_AndNotMoved()
    {
        var package = _models.Trained(OneSeries(), loss: "gaussian");
        var column = package.Config.Columns.Single(one => one.Name == "sales");
        double[] found = Forecasts(package, OneSeries());

        using var data = Forecasting.Open(package.Spec, package.Config.Contents, _models.Write("rows.csv", OneSeries()));
        using var predictor = new SequencePredictor(package.Spec, data.Shape, package.Parameters.Span);
        predictor.Run(data.Sequences, 1, 64, new float[predictor.HiddenLength], (slice, outputs) =>
        {
            for (int i = 0; i < slice.Length; i++)
            {
                int at = 2 * (slice.Start + i);
                Assert.Equal((outputs[2 * i] * column.ScaleDeviation!.Value) + column.ScaleMean!.Value, found[at]);
                Assert.Equal(outputs[(2 * i) + 1] * column.ScaleDeviation!.Value, found[at + 1]);
            }
        });
        Assert.Equal(["sales", "sales_std"], package.Config.Predictions!);
    }

    /// <summary>A row from a stream has the bits of the same row from a file.</summary>
    [Theory]
    [InlineData("quantile", "transform: {sales: log1p},")]
    [InlineData("student_t", "")]
    public void Rows_HaveTheSameBits_OneByOne(string loss, string keys)
    {
        var package = _models.Trained(OneSeries(), keys, loss: loss);
        double[] expected = Forecasts(package, OneSeries());
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        using var predictor = new StepPredictor(package.Spec, encoder.Shape, package.Parameters.Span);
        var (values, codes, hidden) = (new float[encoder.Shape.InputFeatures], new long[1], new float[predictor.HiddenLength]);
        var (outputs, found) = (new float[predictor.Outputs], new List<double>());

        foreach (string line in OneSeries().TrimEnd().Split('\n').Skip(1))
        {
            double[] cells = [double.Parse(line, CultureInfo.InvariantCulture)];
            Assert.Null(encoder.Encode(cells, [], [], values, codes));
            float[] after = new float[hidden.Length];
            predictor.Step(1, values, codes, hidden, after, outputs);
            hidden = after;
            var units = new double[outputs.Length];
            encoder.ToUnits([], outputs, units);
            found.AddRange(units);
        }

        Assert.Equal(expected, found);
        Assert.Equal(3, encoder.Targets.Count);
    }

    /// <summary>Behind the first row the point forecast, the median or the mean, is fed back; the interval holds it.</summary>
    [Theory]
    [InlineData("{name: quantile, quantiles: [0.1, 0.4, 0.9]}", 1)]
    [InlineData("student_t", 0)]
    public async Task Backtest_HasTheInterval_AndFeedsThePointForecastBack(string loss, int point)
    {
        var package = _models.Trained(OneSeries(), loss: loss);
        string directory = _models.Save(package), rows = _models.Write("rows.csv", OneSeries()), file = _models.File("forecasts.csv");
        Assert.Equal(point, package.Spec.Train.Loss.Point);

        Assert.Equal(0, await _console.RunAsync(
            "backtest", directory, "--input", rows, "--cuts", "2", "--horizon", "3", "--output", file, "--plot", _models.File("plot.png")));

        string[] lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal("target,cut,ahead,row,actual,forecast,low,high,naive", lines[0]);
        double[][] figures = [.. lines.Skip(1).Select(line => line.Split(',').Skip(4).Take(4)
            .Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        Assert.All(figures, row => Assert.InRange(row[1], row[2], row[3]));

        // Row 34 is forecast from 33 rows; row 35 from these and the point forecast, rounded to text and to float32 on the way.
        List<string> known = [.. OneSeries().Split('\n').Take(1 + 34)];
        Assert.Equal(Last(known), figures[0][1]);
        known.Add(figures[0][1].ToString("R", CultureInfo.InvariantCulture));
        Assert.Equal(Last(known), figures[1][1], 1e-4);

        double Last(IEnumerable<string> lines) => Forecasts(package, string.Join('\n', lines) + "\n")[^(3 - point)];
    }

    /// <summary>The errors are those of the point forecast.</summary>
    [Fact]
    public void Evaluation_IsOfThePointForecast()
    {
        var package = _models.Trained(OneSeries(), loss: "quantile");
        double[] forecasts = Forecasts(package, OneSeries());
        double[] sales = [.. OneSeries().TrimEnd().Split('\n').Skip(1).Select(cell => double.Parse(cell, CultureInfo.InvariantCulture))];
        using var data = Forecasting.OpenWithTargets(package.Spec, package.Config.Contents, _models.Write("rows.csv", OneSeries()));

        var result = Evaluator.Evaluate(package, data, null);

        double mae = Enumerable.Range(1, sales.Length - 1).Average(row => Math.Abs(sales[row] - forecasts[(3 * (row - 1)) + 1]));

        // Targets come from standardised float32: 6e-8 of some deviations of 4.
        Assert.Equal(mae, result.Totals.Of(0)!.Values[1], 1e-5);
        Assert.Equal(sales.Length - 1, result.Totals.Of(0)!.Count);
    }

    private double[] Forecasts(ModelPackage package, string text)
    {
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, _models.Write("rows.csv", text));
        var all = new List<double>();
        Forecaster.Run(package, data, new float[Forecaster.HiddenLength(package)], (_, forecasts) => all.AddRange(forecasts));
        return [.. all];
    }
}
