using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>Refuses a GPU that local silos, which run on this machine, would look for in vain.</summary>
internal static class DeviceCheck
{
    /// <summary>Checks the device that a spec names, or needs.</summary>
    /// <param name="gpus">How many GPUs this machine has; null where that cannot be found out without loading their driver.</param>
    /// <param name="document">The spec's text, with the positions of its keys.</param>
    /// <param name="spec">The spec.</param>
    /// <exception cref="SpecException">This machine certainly lacks the device.</exception>
    public static void Check(Func<int?> gpus, SpecDocument document, RunSpec spec)
    {
        var device = spec.Device;
        if (spec.Train.UsesTensorCores && device.Kind is null && gpus() is 0)
        {
            throw new SpecException([document.Locate(new(
                "train.precision", $"{spec.Train.PrecisionWord}, but no NVIDIA driver on this machine",
                "a machine with a GPU, because nothing else computes products by tensor cores",
                "write precision: float32, or train on a cluster with GPUs (--cluster)"))]);
        }

        if (device.Kind != DeviceKind.Cuda || gpus() is not { } count || device.CudaIndex < count)
            return;
        string found = count == 0 ? $"{device}, but no NVIDIA driver on this machine"
            : $"{device}, but this machine has {(count == 1 ? "one GPU, cuda:0" : $"{count} GPUs, cuda:0 to cuda:{count - 1}")}";
        throw new SpecException([document.Locate(new("device", found, "a device of this machine",
            "use device: cpu, or auto, which selects the CPU where there is no GPU"))]);
    }
}
