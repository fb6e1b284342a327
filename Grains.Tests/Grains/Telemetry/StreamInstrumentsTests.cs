using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Grains.Streams;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>What silos measure of the streams that they serve.</summary>
public sealed class StreamInstrumentsTests(ServingSilos serving) : IClassFixture<ServingSilos>
{
    [Fact]
    public async Task Rows_AreMeasured_ByEveryInstrument_AsDocumented()
    {
        using var measurements = new Measurements(serving.Silos);
        var stream = ServingSilos.Stream(serving.Silos, "measured");
        await stream.Predict(ServingSilos.Rows(1, 3));
        await stream.Predict(ServingSilos.Rows(2, 3));
        await stream.Predict(ServingSilos.Rows(9, 1));
        await stream.Predict(new(5, [new([double.NaN], [])]));

        Assert.Equal(
            [(3, "outcome=answered"), (3, "outcome=answered"), (1, "outcome=gap"), (1, "outcome=refused")],
            measurements.Of("tbptt.stream.rows").Select(one => ((int)one.Value, Assert.Single(one.Tags))));
        Assert.Equal(
            ["outcome=answered", "outcome=answered", "outcome=gap", "outcome=refused"],
            measurements.Of("tbptt.stream.duration").Select(one => Assert.Single(one.Tags)));
        Assert.All(measurements.Of("tbptt.stream.duration"), one => Assert.True(one is { Unit: "s", Value: > 0 }, $"{one}"));

        // A row that was taken before is not computed again.
        Assert.Equal([1, 1, 1, 1], measurements.Of("tbptt.stream.batch").Select(one => (int)one.Value));
        Assert.Equal(2, SumOf("state=active", "state=stored"));

        string page = File.ReadAllText(SourceTree.Of("docs", "telemetry.md"));
        string[] names = [.. measurements.Instruments.Where(name => name.StartsWith("tbptt.stream", StringComparison.Ordinal))];
        Assert.Equal(4, names.Length);
        Assert.All(names, name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
        Assert.All(Enum.GetNames<StreamOutcome>(), name => Assert.Contains(name.ToLowerInvariant(), page, StringComparison.Ordinal));

        int SumOf(params string[] states) => states.Sum(state => measurements.Observe()
            .Where(one => one.Instrument == "tbptt.streams" && one.Tags.Contains(state)).Sum(one => (int)one.Value));
    }
}
