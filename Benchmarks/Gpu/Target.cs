using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Benchmarks.Gpu;

/// <summary>The device that is tried: a GPU, or the emulator where there is none.</summary>
/// <param name="Device">The device.</param>
/// <param name="IsEmulated">Whether the emulator runs the kernels: then shapes are small, and times say nothing.</param>
internal sealed record Target(DeviceName Device, bool IsEmulated)
{
    private static readonly GpuEngine Engine = new();

    /// <summary>Why there is no such device; null where there is.</summary>
    public string? FindProblem()
    {
        if (IsEmulated)
            return null;
        var found = Engine.FindDevices();
        return found.CudaDevices == 0 ? found.WhyNone
            : found.Available().Contains(Device) ? null
            : $"found {found.CudaDevices} devices, expected {Device} among them; name another one by --device";
    }

    /// <summary>A replica on the device.</summary>
    public IReplica Open(ModelSpec model, LossSpec loss, PrecisionKind precision = PrecisionKind.Full) => IsEmulated
        ? new GpuReplica(new Emulator(device: Device.Text), model, loss, ownsDevice: true, cores: TensorCores.Of(precision))
        : Engine.Open(model, loss, Device, precision);

    /// <summary>How many lists of commands a replica's device has replayed; says what failed where that was not possible.</summary>
    public static int Replayed(IReplica replica, TextWriter output)
    {
        var own = (GpuReplica)replica;
        if (own.WhyNotReplayed is { } why)
            output.WriteLine($"# no graph is made any more, because this failed: {why.ReplaceLineEndings(" ")}");
        return own.Replayed;
    }

    /// <summary>A replica on the device, and what reads the bytes that are in use there.</summary>
    public (IReplica Replica, Func<long> Used) OpenMeasured(ModelSpec model, LossSpec loss)
    {
        if (!IsEmulated)
            return (Engine.Open(model, loss, Device), () => Engine.Ask(Device)?.MemoryUsed ?? 0);
        const long All = 1L << 40;
        var device = new Emulator(memory: All, device: Device.Text);
        return (new GpuReplica(device, model, loss, ownsDevice: true), () => All - device.FreeMemory);
    }
}
