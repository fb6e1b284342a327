using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>What a silo says of its GPUs: to Prometheus, in its load, to people.</summary>
public sealed class DeviceInstrumentsTests
{
    private const long Gibibyte = 1 << 30;

    private static readonly GpuUse[] Uses =
    [
        new("cuda:0", 3 * Gibibyte, 80 * Gibibyte, 0.5), new("cuda:1", Gibibyte, 80 * Gibibyte, null),
    ];

    [Fact]
    public void Gpus_AreSampledAndMeasured_AsDocumented()
    {
        var time = new FakeTimeProvider();
        var devices = new SiloDevices(
            Options.Create(new TbpttGrainsOptions()), _ => new(CudaDevices: 2), NullLogger<SiloDevices>.Instance);
        using var sampler = new LoadSampler(
            new Here(), devices, asked => [.. Uses.Where(use => asked.Contains(new(use.Device)))], time, NullLogger<LoadSampler>.Instance);
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        new DeviceInstruments(services.GetRequiredService<IMeterFactory>(), devices, sampler).Begin();

        sampler.Begin();
        time.Advance(LoadSampler.Period);
        time.Advance(LoadSampler.Period);
        devices.Take(DeviceName.Auto);

        var sample = Assert.Single(sampler.Read().Samples);
        Assert.Equal((0.5, 4.0 * Gibibyte), (sample.Gpu, sample.GpuMemory));
        string[] before =
        [
            "tbptt.device.memory.usage cuda:0 3221225472", "tbptt.device.memory.usage cuda:1 1073741824",
            "tbptt.device.memory.limit cuda:0 85899345920", "tbptt.device.memory.limit cuda:1 85899345920",
            "tbptt.device.utilization cuda:0 0.5", "tbptt.device.trainers cuda:0 1", "tbptt.device.trainers cuda:1 0",
            "tbptt.device.lost  0",
        ];
        Assert.Equal(before, Measured(services));
        devices.Lose(new(new("cuda:0"), "gone"));
        time.Advance(LoadSampler.Period);
        string page = File.ReadAllText(SourceTree.Of("docs", "telemetry.md"));
        Assert.All(before, line => Assert.Contains($"`{line.Split(' ')[0]}`", page, StringComparison.Ordinal));
        Assert.Equal(Uses[1], Assert.Single(sampler.Gpus));
        Assert.Contains("tbptt.device.lost  1", Measured(services));
    }

    [Fact]
    public void Devices_AreShownWithWhatIsKnown()
    {
        var silo = new SiloReport
        {
            Name = "silo-1", Address = "a", Pid = 1, Version = "1", Slots = 2, Devices = ["cuda:0", "cuda:1", "cuda:2"],
            LostDevices = ["cuda:3"],
            Gpus = Uses,
        };

        Assert.Equal(
            ["cuda:0 (3.0 of 80.0 GiB 50 % busy)", "cuda:1 (1.0 of 80.0 GiB)", "cuda:2", "cuda:3 (lost)"], Text.Devices(silo));
        Assert.Equal(["cuda:0 (lost)"], Text.Devices(silo with { Devices = ["cuda:0"], LostDevices = ["cuda:0"], Gpus = [] }));
    }

    private static List<string> Measured(IServiceProvider services)
    {
        var lines = new List<string>();
        using var listener = new MeterListener();
        var meters = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, one) =>
        {
            if (instrument.Meter.Scope == meters)
                one.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        return lines;

        void Add<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            lines.Add(FormattableString.Invariant($"{instrument.Name} {(tags.Length > 0 ? tags[0].Value : "")} {value}"));
    }

    private sealed class Here : ILocalSiloDetails
    {
        public string Name => "silo-1";

        public string ClusterId => "test";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress => SiloAddress.Zero;

        public SiloAddress GatewayAddress => SiloAddress.Zero;
    }
}
