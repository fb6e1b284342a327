using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Training.Reference;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class LossReadingsTests
{
    [Fact]
    public void Readings_OfAForecast_AreTheValidationErrorAndTheNaiveOne()
    {
        using var data = new FormulaData(new(1, 0, 1, 0), [4], [4]) { ForecastScale = new Scale() };

        Assert.Equal(
            [
                new Metric("validation RMSE", 5, "kW", MetricKind.Validation),
                new Metric("naive last-value RMSE", 7, "kW", MetricKind.Baseline),
            ],
            LossReadings.Of(Sample.Spec, data, 0.5, 0.25));
        Assert.Empty(LossReadings.Of(Sample.Spec, data, 0.5, null));
    }

    [Fact]
    public void Readings_OfBytes_AreBitsOfEachLoss()
    {
        using var data = new FormulaData(new(0, 256, 0, 256), [4]);
        RunSpec spec = Sample.Spec with { Data = new() { Source = new ByteSource { Glob = "*" }, BatchSize = 1 } };

        Assert.Equal(
            [
                new Metric("training", 2, "bits per byte", MetricKind.Training),
                new Metric("validation", 1, "bits per byte", MetricKind.Validation),
            ],
            LossReadings.Of(spec, data, 2 * Math.Log(2), Math.Log(2)));
    }

    [Fact]
    public void Metric_KeepsItsKindInTheJournal_AndHasNoneInOlderOnes()
    {
        string line = RunJson.Write(Sample.Epoch(1, 0.5, 0.25, new Metric("validation RMSE", 5, "kW", MetricKind.Validation)));

        Assert.Contains("\"kind\":\"validation\"", line, StringComparison.Ordinal);
        Assert.Equal(MetricKind.Validation, Kind(line));
        Assert.Equal(MetricKind.Other, Kind(line.Replace(",\"kind\":\"validation\"", "", StringComparison.Ordinal)));
    }

    private static MetricKind Kind(string line) => Assert.Single(((EpochFinished)RunJson.ReadEvent(line)).Metrics).Kind;

    private sealed class Scale : IForecastScale
    {
        public string Unit => "kW";

        public double NaiveRmse => 7;

        public double Rmse(double validationLoss) => 10 * Math.Sqrt(validationLoss);
    }
}
