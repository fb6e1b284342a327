using System.Diagnostics.Metrics;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Telemetry;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>What a silo measures of its devices, on the meter <see cref="Traces.Name"/>.</summary>
/// <param name="meters">Makes the meter.</param>
/// <param name="devices">The devices.</param>
/// <param name="load">Knows what is in use of them.</param>
internal sealed class DeviceInstruments(IMeterFactory meters, SiloDevices devices, LoadSampler load)
{
    /// <summary>Begins to offer what is measured.</summary>
    public void Begin()
    {
        var meter = meters.Create(Traces.Name, ProtocolVersion.Product);
        meter.CreateObservableGauge("tbptt.device.memory.usage", () => Gpus(gpu => gpu.MemoryUsed), "By",
            "Memory in use on a GPU that the silo offers, by all processes.");
        meter.CreateObservableGauge("tbptt.device.memory.limit", () => Gpus(gpu => gpu.MemoryTotal), "By",
            "Memory of a GPU that the silo offers.");
        meter.CreateObservableGauge("tbptt.device.utilization", () => Gpus(gpu => gpu.Busy), "1",
            "The share of time in which a GPU that the silo offers was busy.");
        meter.CreateObservableGauge("tbptt.device.trainers", Trainers, "{trainer}", "Trainers that compute on a device of the silo.");
        meter.CreateObservableGauge("tbptt.device.lost", () => devices.Lost.Count, "{device}", "Devices of the silo that are lost.");
    }

    private IEnumerable<Measurement<T>> Gpus<T>(Func<GpuUse, T?> figure) where T : struct => load.Gpus
        .Where(gpu => figure(gpu) is not null).Select(gpu => new Measurement<T>(figure(gpu)!.Value, new Tag("device", gpu.Device)));

    private IEnumerable<Measurement<int>> Trainers() =>
        devices.Leases.Select(one => new Measurement<int>(one.Replicas, new Tag("device", one.Device.Text)));
}
