using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Telemetry;
using Orleans.Tbptt.Telemetry;
using Metric = OpenTelemetry.Metrics.Metric;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>A provider listens to every silo of the process: there must be no other.</summary>
[Collection(Watching.Name)]
public sealed class ManyRunsTests
{
    /// <summary>More series than an instrument of OpenTelemetry has room for at once, with seven states of trainers each.</summary>
    private const int Runs = 2_500;

    [Fact]
    public void Gauges_ShowTheLastRun_AfterAllThatASiloHasEverCoordinated()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        List<Metric> exported = [];
        using var provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(Traces.Name)
            .MakeRoomForRuns()
            .AddInMemoryExporter(exported, reader => reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = int.MaxValue)
            .Build();
        var instruments = new TrainingInstruments(services.GetRequiredService<IMeterFactory>());

        for (int i = 0; i < Runs; i++)
        {
            var status = new RunStatus { Id = $"run-{i}", Name = "run", State = RunState.Running, Epochs = 9, Epoch = 7 };
            var gauges = new RunGauges(RunId.Parse(status.Id), () => status);
            instruments.OnTaken(gauges);
            exported.Clear();
            Assert.True(provider.ForceFlush());
            instruments.OnLeft(gauges);
        }

        Assert.Equal([$"run-{Runs - 1}"], RunsOf("tbptt.epoch"));
        Assert.Equal([$"run-{Runs - 1}"], RunsOf("tbptt.trainers"));

        string[] RunsOf(string instrument)
        {
            List<string> found = [];
            foreach (ref readonly var point in exported.Single(metric => metric.Name == instrument).GetMetricPoints())
            {
                string run = "none";
                foreach (var (key, value) in point.Tags)
                    run = key == "run" ? $"{value}" : run;
                found.Add(run);
            }

            return [.. found.Distinct()];
        }
    }
}
