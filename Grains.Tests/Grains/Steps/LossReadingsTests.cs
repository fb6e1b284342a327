using Orleans.Tbptt.Data.Bytes;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class LossReadingsTests
{
    [Fact]
    public void Readings_OfValues_AreTheErrorsInTheirUnits()
    {
        var held = new HeldOutFigures(0.25, new(1, 4, 4), [new("validation RMSE", 5, "kW", MetricKind.Validation, Count: 4)]);

        Assert.Equal(held.Metrics, LossReadings.Of(Sample.Spec, 0.5, held));
        Assert.Empty(LossReadings.Of(Sample.Spec, 0.5, null));
    }

    [Fact]
    public void Readings_OfBytes_AreBitsOfEachLoss_AndThePerplexityOfWhatIsHeldOut()
    {
        RunSpec spec = OfBytes(new CrossEntropy());

        Assert.Equal(
            [
                new Metric("training", 2, "bits per byte", MetricKind.Training),
                new Metric("validation", 1, "bits per byte", MetricKind.Validation),
                new Metric("validation perplexity", 2, "", MetricKind.Validation),
            ],
            LossReadings.Of(spec, 2 * Math.Log(2), new(Math.Log(2), new(1, 4, 4), [])));
        Assert.Single(LossReadings.Of(spec, 2, null));
        Assert.Equal(double.MaxValue, CodeLength.Of(spec, 1000, MetricKind.Test).Single(metric => metric.Name == "test perplexity").Value);
    }

    /// <summary>It is no length of a code: it stays above 0 for a model that knows every byte.</summary>
    [Fact]
    public void SmoothedLoss_IsNotGivenInBits() =>
        Assert.Empty(LossReadings.Of(OfBytes(new CrossEntropy { LabelSmoothing = 0.1 }), 2, new(1, new(1, 4, 4), [])));

    [Fact]
    public void Metric_KeepsItsKindInTheJournal_AndHasNoneInOlderOnes()
    {
        string line = RunJson.Write(Sample.Epoch(1, 0.5, 0.25, new Metric("validation RMSE", 5, "kW", MetricKind.Validation)));

        Assert.Contains("\"kind\":\"validation\"", line, StringComparison.Ordinal);
        Assert.Equal(MetricKind.Validation, Kind(line));
        Assert.Equal(MetricKind.Other, Kind(line.Replace(",\"kind\":\"validation\"", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void Metric_KeepsSeriesAndCountInTheJournal_AndHasNoneInOlderOnes()
    {
        var metric = new Metric("validation RMSE", 0.1, "kW", MetricKind.Validation, "north", 7);
        var epoch = Sample.Epoch(1, 0.5, 0.25, metric) with { HeldOut = new(2, 14, 7) };
        string line = RunJson.Write(epoch);
        string older = line.Replace(",\"series\":\"north\",\"count\":7", "", StringComparison.Ordinal)
            .Replace(",\"heldOut\":{\"sequences\":2,\"steps\":14,\"elements\":7}", "", StringComparison.Ordinal);

        var read = (EpochFinished)RunJson.ReadEvent(line);
        Assert.Equal((metric, epoch.HeldOut), (Assert.Single(read.Metrics), read.HeldOut));
        read = (EpochFinished)RunJson.ReadEvent(older);
        Assert.Equal((metric with { Series = null, Count = 0 }, null), (Assert.Single(read.Metrics), read.HeldOut));
        Assert.Equal(older, RunJson.Write(read));
    }

    private static RunSpec OfBytes(LossSpec loss) => Sample.Spec with
    {
        Data = new() { Source = new ByteSource { Glob = "*" }, BatchSize = 1 }, Train = Sample.Spec.Train with { Loss = loss },
    };

    private static MetricKind Kind(string line) => Assert.Single(((EpochFinished)RunJson.ReadEvent(line)).Metrics).Kind;
}
