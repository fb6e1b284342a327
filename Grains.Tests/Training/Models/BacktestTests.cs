using System.Buffers.Binary;
using System.Globalization;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Training.Models;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>Forecasts from several rows of the past.</summary>
public sealed class BacktestTests : IDisposable
{
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    /// <summary>One row ahead the forecast is that of the rows before the cut; further ahead, of these and forecasts.</summary>
    [Fact]
    public void Forecasts_AreThoseFromTheRowsBeforeTheCut_FedBackFurtherAhead()
    {
        var package = _models.Trained(OneSeries());
        var windows = Windows(package, OneSeries(), new(3, 4, 5, null));

        Assert.Equal([26, 31, 36], windows.Select(window => window.Row));
        foreach (var window in windows)
        {
            var rows = OneSeries().TrimEnd().Split('\n').Take(1 + window.Row).ToList();
            for (int ahead = 0; ahead < 4; ahead++)
            {
                double next = LastForecast(package, string.Join('\n', rows) + "\n");

                // A forecast that is read from a file was rounded to float64 once, and a float32 again: at most the last bit or two of 100.
                Assert.Equal(next, window.Forecasts[ahead], ahead == 0 ? 0 : 1e-4);
                rows.Add(next.ToString("R", CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Of long series, only outputs near the cuts are kept.</summary>
    [Fact]
    public void Forecasts_AreThoseFromTheRowsBefore_InLongSeries()
    {
        string text = OneSeries(1100);
        var package = _models.Trained(text, lanes: 20);
        double[] all = Forecasts(package, text);

        var windows = Windows(package, text, new(3, 1, 300, null));

        Assert.Equal([499, 799, 1099], windows.Select(window => window.Row));
        Assert.All(windows, window => Assert.Equal(all[window.Row - 1], window.Forecasts[0]));
    }

    /// <summary>Rows behind a cut are not looked at, whatever stands there.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("horizon: 3,")]
    [InlineData("transform: {sales: difference},")]
    public void Forecasts_DoNotDependOnRowsBehindTheCut(string keys)
    {
        var package = _models.Trained(OneSeries(), keys);
        string[] lines = OneSeries().TrimEnd().Split('\n');
        string other = string.Join('\n', lines.Select((line, i) => i > 33 ? "7777" : line)) + "\n";
        var plan = new BacktestPlan(2, 7, 7, null);

        var (one, changed) = (Windows(package, OneSeries(), plan), Windows(package, other, plan));

        Assert.Equal(33, one[1].Row);
        Assert.Equal(one[1].Forecasts, changed[1].Forecasts);
        Assert.Equal(one[0].Forecasts, changed[0].Forecasts);
        Assert.NotEqual(one[1].Actuals, changed[1].Actuals);
    }

    /// <summary>A model of three rows ahead forecasts the first row behind a cut from the third last one before it.</summary>
    [Fact]
    public void OwnHorizon_IsForecastFromTheRowsBefore()
    {
        var package = _models.Trained(OneSeries(), "horizon: 3,");
        double[] all = Forecasts(package, OneSeries());

        var window = Assert.Single(Windows(package, OneSeries(), new(1, 2, 1, null)));

        Assert.Equal(38, window.Row);
        Assert.Equal(all[35..37], window.Forecasts);
    }

    [Fact]
    public void Baselines_AreTheLastValue_AndThatOfTheSameRowOfASeason()
    {
        var package = _models.Trained(OneSeries());
        double[] sales = [.. OneSeries().TrimEnd().Split('\n').Skip(1).Select(line => double.Parse(line, CultureInfo.InvariantCulture))];

        var windows = Windows(package, OneSeries(), new(2, 5, 31, 3));

        Assert.Equal([4, 35], windows.Select(window => window.Row));
        foreach (var window in windows)
        {
            for (int ahead = 0; ahead < 5; ahead++)
            {
                // Targets were rounded to float32 when they were standardised: 6e-8 of a deviation of less than 4.
                Assert.Equal(sales[window.Row + ahead], window.Actuals[ahead], 1e-6);
                Assert.Equal(sales[window.Row - 1], window.Baselines[0][ahead], 1e-6);
                Assert.Equal(sales[window.Row + ahead - (ahead < 3 ? 3 : 6)], window.Baselines[1][ahead], 1e-6);
            }
        }
    }

    /// <summary>Of a difference, the last value once more is 0.</summary>
    [Fact]
    public void Baseline_OfADifference_IsNone_OrThatOfASeasonAgo()
    {
        var package = _models.Trained(OneSeries(), "transform: {sales: difference},");

        var window = Assert.Single(Windows(package, OneSeries(), new(1, 2, 1, 13)));

        Assert.Equal([0.0, 0], window.Baselines[0]);

        // Values were rounded to float32 when they were standardised.
        Assert.Equal(window.Actuals[0], window.Baselines[1][0], 1e-6);

        // The horizon is a season: the season before ends with the last known row.
        var whole = Assert.Single(Windows(package, OneSeries(), new(1, 13, 13, 13)));
        Assert.Equal(0.0, whole.Baselines[0][12]);
        Assert.Equal(whole.Actuals[12], whole.Baselines[1][12], 1e-6);
    }

    /// <summary>What is known ahead is read behind the cut as it is; all else is forecast.</summary>
    [Fact]
    public void KnownColumns_AreReadBehindTheCut()
    {
        var package = _models.Trained(
            Panel(), "inputs: [sales, weekday, size], series: shop, time: day, known: [weekday], categorical: [kind, shop], "
                + "static: [size, kind, shop],");
        string[] lines = Panel().TrimEnd().Split('\n');
        string other = string.Join('\n', lines.Select((line, i) => i <= 50 ? line : $"{line[..line.LastIndexOf(',')]},5")) + "\n";
        string weekday = Panel().Replace("2024-01-28,north,large,3,6", "2024-01-28,north,large,3,1", StringComparison.Ordinal);
        var plan = new BacktestPlan(1, 5, 5, null);

        var windows = Windows(package, Panel(), plan);

        Assert.Equal(windows.Select(window => window.Forecasts), Windows(package, other, plan).Select(window => window.Forecasts));
        var changed = Windows(package, weekday, plan);
        Assert.Equal(windows[1].Forecasts, changed[1].Forecasts);
        Assert.Equal(windows[0].Forecasts[..2], changed[0].Forecasts[..2]);
        Assert.NotEqual(windows[0].Forecasts[2], changed[0].Forecasts[2]);
    }

    /// <summary>The model of a cut is that of a run over a file that ends there.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("series: shop, time: day, scale: series,", "")]
    public async Task Refit_GivesTheModelOfTheRowsBeforeTheCut(string keys, string output)
    {
        string all = keys.Length == 0 ? OneSeries() : Panel();
        string[] lines = all.TrimEnd().Split('\n');
        int perRow = keys.Length == 0 ? 1 : 2;
        string before = string.Join('\n', lines[..^(6 * perRow)]) + "\n";
        var package = _models.Trained(all, keys, seed: 3);
        var expected = Windows(_models.Trained(before, keys, seed: 3), all, new(2, 3, 3, null)).Where(window => window.Cut == 0);
        output = _models.File("forecasts.csv");

        Assert.Equal(0, await _console.RunAsync("backtest", _models.Save(package), "--input", _models.Write("all.csv", all),
            "--cuts", "2", "--horizon", "3", "--refit", "--output", output));

        string[] written =
        [
            .. File.ReadAllLines(output).Skip(1).Select(line => line.Split(',')).Where(cells => cells[^6] == "1")
                .Select(cells => cells[^2]),
        ];
        Assert.Equal(
            expected.SelectMany(window => window.Forecasts).Select(value => value.ToString("R", CultureInfo.InvariantCulture)), written);
        Assert.Contains("the model trained on the rows before each", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_PrintsEachCutAndRow_AndDraws()
    {
        string package = _models.Save(_models.Trained(Panel(), "series: shop, time: day, step: 1d,")), png = _models.File("x.png");

        Assert.Equal(0, await _console.RunAsync("backtest", package, "--input", _models.Write("all.csv", Panel()), "--cuts", "2",
            "--horizon", "3", "--plot", png));

        Assert.Contains("ahead    3 rows; behind row 1, the model's own forecasts are its inputs\n", _console.Output,
            StringComparison.Ordinal);
        Assert.Contains("season   7 rows\n", _console.Output, StringComparison.Ordinal);
        Assert.Matches(
            @"TARGET +CUT +AFTER +ELEMENTS +RMSE +MAE +SMAPE +MASE +NAIVE RMSE +NAIVE MAE +SEASONAL NAIVE RMSE", _console.Output);
        Assert.Matches(@"\nsales +1 +2024-01-24 +6 ", _console.Output);
        Assert.Matches(@"\nsales +all +12 ", _console.Output);
        Assert.Matches(@"\nsales +3 +4 ", _console.Output);
        byte[] image = File.ReadAllBytes(png);
        Assert.Equal(1200, BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(16)));
        Assert.Equal(580, BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(20)));
    }

    [Theory]
    [InlineData("inputs: [sales, size], series: shop, time: day,", "--horizon 2", "expected at most 1, as the model was trained")]
    [InlineData("series: shop,", "--cuts 30 --horizon 2", "--cuts: found 30 with at most 30 rows of a series, expected at most 14")]
    [InlineData("series: shop,", "--horizon 40", "--horizon: found 40 with at most 30 rows of a series, expected at least 41")]
    public async Task Plans_AreRefused_ThatTheModelOrTheRowsDoNotAllow(string keys, string options, string expected)
    {
        string package = _models.Save(_models.Trained(Panel(), keys));

        Assert.Equal(ExitCode.Usage, await _console.RunAsync(
            ["backtest", package, "--input", _models.Write("all.csv", Panel()), .. options.Split(' ')]));

        Assert.Contains(expected, _console.Error, StringComparison.Ordinal);
    }

    private List<BacktestWindow> Windows(ModelPackage package, string text, BacktestPlan plan)
    {
        using var data = Forecasting.OpenWithTargets(package.Spec, package.Config.Contents, _models.Write("rows.csv", text));
        using var backtest = new Backtest(package, data);
        var windows = new List<BacktestWindow>();
        backtest.Run(plan, windows.Add);
        return windows;
    }

    private double LastForecast(ModelPackage package, string text) => Forecasts(package, text)[^1];

    private double[] Forecasts(ModelPackage package, string text)
    {
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, _models.Write("rows.csv", text));
        var values = new List<double>();
        Forecaster.Run(package, data, new float[Forecaster.HiddenLength(package)], (_, forecasts) => values.AddRange(forecasts));
        return [.. values];
    }
}
