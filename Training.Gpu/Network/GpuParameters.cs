using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>The flat parameters on a device, or their flat gradient.</summary>
internal sealed class GpuParameters(ParameterLayout layout)
{
    /// <summary>
    /// Where they begin; 0 before they were first needed. Parameters may be elsewhere each time that they are loaded
    /// (<see cref="SharedParameters"/>), so addresses within them are not kept.
    /// </summary>
    public nint Start { get; set; }

    /// <summary>The address of one of the numbers.</summary>
    public nint At(long number) => Start + (nint)(number * sizeof(float));

    /// <summary>A weight, or some of its columns.</summary>
    public DeviceWeight Weight(string name, int first = 0, int? columns = null)
    {
        var slot = Slot(name);
        return new(At(slot.Offset + first), slot.Shape[0], columns ?? slot.Shape[1], slot.Shape[1]);
    }

    /// <summary>A bias.</summary>
    public nint Bias(string name) => At(Slot(name).Offset);

    /// <summary>A table of vectors.</summary>
    public DeviceRows Table(string name) => new(Bias(name), Slot(name).Shape[1]);

    /// <summary>Sets a parameter's numbers to 0.</summary>
    public void Clear(Launcher launcher, string name) => launcher.Clear(Bias(name), Slot(name).Length);

    private ParameterSlot Slot(string name) => layout.Slots.Single(slot => slot.Name == name);
}
