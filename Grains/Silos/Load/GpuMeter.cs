using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Silos.Load;

/// <summary>Reads what is in use of GPUs.</summary>
/// <param name="devices">The GPUs.</param>
internal delegate IReadOnlyList<GpuUse> ReadGpus(IReadOnlyList<DeviceName> devices);

/// <summary>
/// Reads what is in use of GPUs: by NVIDIA's management library, and where it is not installed, memory by the driver.
/// </summary>
internal sealed class GpuMeter
{
    private readonly Lazy<Nvml?> _nvml = new(Nvml.Open);

    /// <inheritdoc cref="ReadGpus"/>
    public IReadOnlyList<GpuUse> Read(IReadOnlyList<DeviceName> devices) => [.. devices.Select(ReadOne)];

    private GpuUse ReadOne(DeviceName device)
    {
        var facts = ComputeEngines.All.Select(engine => engine.Ask(device)).FirstOrDefault(one => one is not null);
        var (used, total, busy) = facts is { Bus.Length: > 0 } && _nvml.Value is { } nvml ? nvml.Read(facts.Bus) : (null, null, null);
        return new(device.Text, used ?? facts?.MemoryUsed, total ?? facts?.MemoryTotal, busy);
    }
}
