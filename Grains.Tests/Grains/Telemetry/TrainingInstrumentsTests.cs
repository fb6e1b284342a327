using System.Diagnostics.Metrics;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

public sealed class TrainingInstrumentsTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec =
        TestSpecs.Average(trainers: 2, epochs: 2, validationFraction: 0.2) with { Checkpoint = new() { EverySteps = 2 } };

    /// <summary>What is recorded as it happens: instrument, unit, and its tags.</summary>
    public static TheoryData<string, string, string[]> Recorded { get; } = new()
    {
        { "tbptt.step.duration", "s", ["phase=training"] },
        { "tbptt.step.duration", "s", ["phase=evaluation"] },
        { "tbptt.chunk.duration", "s", ["phase=training"] },
        { "tbptt.chunk.duration", "s", ["phase=evaluation"] },
        { "tbptt.sync.wait", "s", [] },
        { "tbptt.sequence.steps", "{step}", [] },
        { "tbptt.gradient.norm", "{norm}", [] },
        { "tbptt.gradient.clipped", "{step}", [] },
        { "tbptt.hidden.norm", "{norm}", [] },
        { "tbptt.recoveries", "{recovery}", ["reason=lost"] },
        { "tbptt.recovery.duration", "s", ["reason=lost"] },
        { "tbptt.checkpoint.duration", "s", [] },
        { "tbptt.checkpoint.size", "By", [] },
        { "tbptt.runs", "{run}", ["outcome=completed", "queue=none"] },
    };

    [Fact]
    public async Task Run_IsMeasured_ByEveryInstrumentWithItsUnitAndTags()
    {
        using var measurements = new Measurements(fixture.Silos);
        var oracle = Oracle.Of(Spec);

        var run = await fixture.TrainLosing(Spec, afterTheWork: true, [1], call => call.Method == nameof(ITrainerGrain.TrainChunk)
            && call.Step == 3);

        RunAssert.SameBits(oracle, run);
        foreach (var row in Recorded)
        {
            var (instrument, unit, tags) = row.Data;
            var found = measurements.Of(instrument).Where(one => one.Tags.SequenceEqual(tags)).ToList();
            Assert.True(found.Count > 0,
                $"{instrument} with {string.Join(", ", tags)} was not recorded; found {string.Join("; ", measurements.Of(instrument))}");
            Assert.All(found, one => Assert.Equal(unit, one.Unit));
            Assert.All(found, one => Assert.True(double.IsFinite(one.Value) && one.Value >= 0, $"{one}"));
        }

        // Only the coordinator's gauges say whose they are.
        Assert.DoesNotContain(measurements.All, one => one.Tags.Any(tag => tag.StartsWith("run=", StringComparison.Ordinal)));
        Assert.Equal(oracle.Steps.Count, Count("tbptt.step.duration", "phase=training"));

        // The lost step was computed by both, and by both again.
        Assert.Equal(oracle.Steps.Count * 2 + 2, Count("tbptt.chunk.duration", "phase=training"));
        Assert.Equal(oracle.Steps.Select(step => step.GradientNorm), measurements.Of("tbptt.gradient.norm").Select(one => one.Value));
        Assert.Equal(oracle.Steps.Count(step => step.GradientNorm > Spec.Train.ClipNorm), measurements.Of("tbptt.gradient.clipped").Count);
        Assert.Equal(run.Status.SequenceSteps, measurements.Of("tbptt.sequence.steps").Sum(one => one.Value));
        Assert.Equal(1, measurements.Of("tbptt.recoveries").Sum(one => one.Value));
        Assert.Equal(1, measurements.Of("tbptt.runs").Sum(one => one.Value));
        Assert.Equal(run.Events.OfType<CheckpointWritten>().Select(one => (double)one.Bytes), measurements.Of("tbptt.checkpoint.size")
            .Select(one => one.Value));

        int Count(string instrument, string tag) => measurements.Of(instrument).Count(one => one.Tags.Contains(tag));
    }

    [Fact]
    public async Task Gauges_ShowARunWhileItIsTrained_AndNothingOfItOnceItHasEnded()
    {
        using var measurements = new Measurements(fixture.Silos);
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Method == nameof(ITrainerGrain.TrainChunk) && call.Trainer == 1
            && call.Step == Oracle.Of(Spec).Steps.Count - 1);
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;

        var shown = measurements.Observe();
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);
        var left = measurements.Observe();

        string named = $"run={run}";
        Assert.Equal(finished.StepLosses[^2], Value("tbptt.loss", "{loss}", named, "split=training"));
        Assert.Equal(finished.Status.ValidationLosses[0], Value("tbptt.loss", "{loss}", named, "split=validation"));
        double error = finished.Events.OfType<EpochFinished>().First().Metrics.First(metric => metric.Name == "validation MAE").Value;
        Assert.Equal(error, Value("tbptt.error", "{error}", named, "split=validation", "metric=MAE", "target=output 1"));
        Assert.Equal(1e-2, Value("tbptt.learning_rate", "{rate}", named));
        Assert.Equal(2, Value("tbptt.epoch", "{epoch}", named));
        Assert.Equal(0, Value("tbptt.trainers", "{trainer}", named, "state=lost"));
        Assert.Equal(2, shown.Where(one => one.Instrument == "tbptt.trainers" && one.Tags.Contains(named)).Sum(one => one.Value));
        Assert.Equal(1, Value("tbptt.runs.active", "{run}", "state=running"));
        Assert.DoesNotContain(left, one => one.Tags.Contains(named));
        Assert.Equal(0, left.Single(one => one.Instrument == "tbptt.runs.active" && one.Tags.Contains("state=running")).Value);

        double Value(string instrument, string unit, params string[] tags)
        {
            var found = Assert.Single(shown, one => one.Instrument == instrument
                && one.Tags.SequenceEqual(tags.Order(StringComparer.Ordinal)));
            Assert.Equal(unit, found.Unit);
            return found.Value;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exchange_IsMeasured_WhereTrainersLiveOnAnotherSilo(bool directSteps)
    {
        await using var silos = await TestSilos.Start(2, directSteps: directSteps);
        using var measurements = new Measurements(silos);

        var run = await silos.Train(TestSpecs.Average(trainers: 2, epochs: 1));

        Assert.Equal(RunState.Completed, run.End.State);
        Assert.Equal(2, run.Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        foreach (string direction in new[] { "direction=sent", "direction=received" })
        {
            var found = measurements.Of("tbptt.exchange.size").Where(one => one.Tags.SequenceEqual([direction])).ToList();
            Assert.All(found, one => Assert.Equal("By", one.Unit));
            Assert.True(found.Sum(one => one.Value) >= run.StepLosses.Length * sizeof(float) * run.Status.Parameters, direction);
        }
    }

    [Fact]
    public void Histograms_HaveBoundariesOfTheirOwn_ThatGrow()
    {
        var found = new Dictionary<string, double[]>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name != Tbptt.Telemetry.Traces.Name)
                    return;
                double[]? boundaries = instrument switch
                {
                    Histogram<double> seconds => [.. seconds.Advice?.HistogramBucketBoundaries ?? []],
                    Histogram<long> bytes => [.. (bytes.Advice?.HistogramBucketBoundaries ?? []).Select(boundary => (double)boundary)],
                    _ => null,
                };
                if (boundaries is not null)
                    found[instrument.Name] = boundaries;
            },
        };

        listener.Start();

        Assert.Equal(9, found.Count);
        Assert.All(found, one => Assert.True(one.Value.Length > 10 && one.Value.SequenceEqual(one.Value.Distinct().Order()), one.Key));
    }
}
