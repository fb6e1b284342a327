using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>The flat parameters on a device, or their flat gradient.</summary>
internal sealed class GpuParameters(IAccelerator device, ParameterLayout layout) : IDisposable
{
    private readonly DeviceBuffer _flat = new(device);

    /// <summary>All of them.</summary>
    public DeviceBuffer Flat => _flat.Reserve(layout.Length);

    /// <summary>A weight, or some of its columns.</summary>
    public DeviceWeight Weight(string name, int first = 0, int? columns = null)
    {
        var slot = Slot(name);
        return new(Flat.At(slot.Offset + first), slot.Shape[0], columns ?? slot.Shape[1], slot.Shape[1]);
    }

    /// <summary>A bias.</summary>
    public nint Bias(string name) => Flat.At(Slot(name).Offset);

    /// <summary>A table of vectors.</summary>
    public DeviceRows Table(string name) => new(Flat.At(Slot(name).Offset), Slot(name).Shape[1]);

    /// <summary>Sets a parameter's numbers to 0.</summary>
    public void Clear(Launcher launcher, string name) => launcher.Clear(Bias(name), Slot(name).Length);

    public void Dispose() => _flat.Dispose();

    private ParameterSlot Slot(string name) => layout.Slots.Single(slot => slot.Name == name);
}
