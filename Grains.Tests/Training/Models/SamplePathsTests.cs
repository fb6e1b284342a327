using System.Globalization;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Models;
using static Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Training.Models;

/// <summary>Paths that are drawn from what a model predicts, and are its next inputs.</summary>
public sealed class SamplePathsTests : IDisposable
{
    private const string Quantiles = "{name: quantile, quantiles: [0.1, 0.5, 0.9]}";
    private readonly ScriptedConsole _console = new();
    private readonly TrainedModels _models = new();

    public void Dispose()
    {
        _console.Dispose();
        _models.Dispose();
    }

    public static TheoryData<Loss, float[]> Distributions { get; } = new()
    {
        { new Gaussian(), [1.5f, 0.25f] }, { new StudentT(), [-2, 3, 2.7f] }, { new Quantile(), [1, 2, 5] },
    };

    /// <summary>
    /// A value that is drawn with a share lies where the distribution reaches it: what is at most 1e-12 apart, and a float32's rounding.
    /// </summary>
    [Theory, MemberData(nameof(Distributions))]
    public void Value_IsWhereTheDistributionReachesItsShare(Loss loss, float[] predictions)
    {
        double Share(double value) => loss switch
        {
            Gaussian => PortableDistributions.Normal((value - predictions[0]) / predictions[1]),
            StudentT => PortableDistributions.Student((value - predictions[0]) / predictions[1], predictions[2]),
            _ => value <= 2 ? 0.1 + (0.4 * (value - 1)) : 0.5 + (0.4 * (value - 2) / 3),
        };

        foreach (double level in (double[])[0.1, 0.25, 0.5, 0.77, 0.9])
            Assert.Equal(level, Share(loss.ValueAt(predictions, level)), 1e-9);
        Assert.True(loss.ValueAt(predictions, 1.0 / (1L << 54)) <= loss.ValueAt(predictions, 0.01));
    }

    [Fact]
    public void CountThatIsDrawn_IsTheLeastThatReachesItsShare()
    {
        var loss = new NegativeBinomial();
        double count = loss.ValueAt([12, 0.4f], 0.7);

        Assert.Equal(PortableDistributions.NegativeBinomialQuantile(0.7, 12, 0.4f), count);
    }

    /// <summary>The model forecasts from its values as from rows that came.</summary>
    [Fact]
    public void Path_IsThatOfRowsThatCame()
    {
        var package = _models.Trained(OneSeries(), loss: "gaussian");
        var loss = package.Spec.Train.Loss;
        double[] path = Paths(package, OneSeries(), new(4, 1, 5));

        ulong key = CounterRandom.Derive(CounterRandom.Derive(CounterRandom.Key(5, RandomPurpose.Sampling), 0), 0);
        string rows = OneSeries();
        for (int ahead = 0; ahead < 4; ahead++)
        {
            using var data = Forecasting.Open(package.Spec, package.Config.Contents, _models.Write("rows.csv", rows));
            double[] last = [];
            Forecaster.Run(
                package, data, new float[Forecaster.HiddenLength(package)], (_, forecasts) => last = forecasts[^2..].ToArray());

            // Values of 100 went through float32 on their way, at most twice.
            double expected = last[0] + (last[1] * PortableDistributions.NormalQuantile(CounterRandom.Uniform(key, (ulong)ahead)));
            Assert.Equal(expected, path[ahead], 1e-4);
            rows += path[ahead].ToString("R", CultureInfo.InvariantCulture) + "\n";
        }

        Assert.True(loss.IsDistribution);
    }

    /// <summary>More of them do not change those before.</summary>
    [Fact]
    public void FirstRowsAndPaths_AreThoseOfFewer_AndAnotherSeedGivesOthers()
    {
        var package = _models.Trained(Panel(), "inputs: [sales, size], static: [size], series: shop, time: day,", loss: Quantiles);
        double[] few = Paths(package, Panel(), new(2, 3, 9)), many = Paths(package, Panel(), new(5, 7, 9));

        Assert.Equal(2 * 2 * 3, few.Length);
        for (int sequence = 0; sequence < 2; sequence++)
        {
            for (int ahead = 0; ahead < 2; ahead++)
            {
                for (int sample = 0; sample < 3; sample++)
                    Assert.Equal(many[(((sequence * 5) + ahead) * 7) + sample], few[(((sequence * 2) + ahead) * 3) + sample]);
            }
        }

        Assert.Equal(few, Paths(package, Panel(), new(2, 3, 9)));
        Assert.NotEqual(few, Paths(package, Panel(), new(2, 3, 10)));
    }

    /// <summary>
    /// Quantiles of many draws near those of the distribution that they are drawn from: 2,000 draws are off by 0.03 of a share.
    /// </summary>
    [Fact]
    public async Task Quantiles_AreThoseOfThePaths()
    {
        var trained = _models.Trained(OneSeries(), loss: "gaussian");
        string package = _models.Save(trained), rows = _models.Write("rows.csv", OneSeries()), output = _models.File("paths.csv");

        Assert.Equal(0, await _console.RunAsync(
            "predict", package, "--input", rows, "--horizon", "3", "--samples", "2000", "--seed", "3", "--output", output));

        string[] lines = File.ReadAllLines(output);
        Assert.Equal("ahead,sales_q0.1,sales_q0.5,sales_q0.9", lines[0]);
        Assert.Equal(["1", "2", "3"], lines.Skip(1).Select(line => line.Split(',')[0]));
        using var data = Forecasting.Open(trained.Spec, trained.Config.Contents, rows);
        double[] last = [];
        Forecaster.Run(trained, data, new float[Forecaster.HiddenLength(trained)], (_, forecasts) => last = forecasts[^2..].ToArray());
        double[] found = [.. lines[1].Split(',').Skip(1).Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        foreach (var (level, value) in ((double[])[0.1, 0.5, 0.9]).Zip(found))
            Assert.Equal(level, PortableDistributions.Normal((value - last[0]) / last[1]), 0.03);
        Assert.Contains("quantiles of 2,000 paths, 3 rows ahead of the last row of 1 sequence", _console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "mse", "--horizon 3", "--horizon: found loss mse, expected a loss that predicts a distribution")]
    [InlineData("horizon: 2,", "gaussian", "--horizon 3",
        "--horizon: found a model that forecasts 2 rows ahead, expected one of the next row")]
    [InlineData("inputs: [sales, weekday], series: shop, time: day,", "gaussian", "--horizon 3",
        "--horizon: found the inputs weekday, expected inputs that are targets or data.static")]
    [InlineData("", "gaussian", "--horizon 3 --state-out s.state", "--state-out: found it with --horizon")]
    [InlineData("", "gaussian", "--horizon 10000 --samples 10000",
        "--horizon: found 10,000 rows of 10,000 paths of 1 target, expected at most 50,000,000 values in all")]
    [InlineData("", "gaussian", "--samples 3", "--samples: found it without --horizon")]
    public async Task WhatDrawsNoPaths_IsRefused(string keys, string loss, string options, string problem)
    {
        string text = keys.Contains("shop", StringComparison.Ordinal) ? Panel() : OneSeries();
        string package = _models.Save(_models.Trained(text, keys, loss: loss)), rows = _models.Write("rows.csv", text);

        Assert.Equal(2, await _console.RunAsync(["predict", package, "--input", rows, .. options.Split(' ')]));

        Assert.Contains(problem, _console.Error, StringComparison.Ordinal);
    }

    private double[] Paths(ModelPackage package, string text, PathOptions options)
    {
        using IForecastData data = Forecasting.Open(package.Spec, package.Config.Contents, _models.Write("rows.csv", text));
        using var paths = new SamplePaths(package, data);
        List<double> all = [];
        paths.Run(options, new float[data.Sequences.Count * Forecaster.HiddenLength(package)], (_, values) => all.AddRange(values));
        return [.. all];
    }
}
