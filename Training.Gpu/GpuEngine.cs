using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Driver;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>The fused engine on GPUs. Each device is held to the CPU's bits before it computes for the first time.</summary>
public sealed class GpuEngine : IEngineLibrary
{
    private static readonly Lazy<DeviceSelector> Devices = new(Find);
    private static readonly Lock Gate = new();
    private static readonly HashSet<(int Ordinal, PrecisionKind Precision)> Checked = [];

    /// <inheritdoc/>
    public DeviceSelector FindDevices() => Devices.Value;

    /// <inheritdoc/>
    public GpuFacts? Ask(DeviceName device) => device.CudaIndex is { } ordinal ? CudaDevices.Ask(ordinal) : null;

    /// <inheritdoc/>
    public IReplica Open(ModelSpec model, LossSpec loss, DeviceName device, PrecisionKind precision = PrecisionKind.Full)
    {
        int ordinal = Devices.Value.Resolve(device).CudaIndex
            ?? throw new DeviceUnavailableException(device, "found the CPU, expected a GPU; write device: cuda, or engine: auto");
        try
        {
            Check(ordinal, PrecisionKind.Full);
            Check(ordinal, precision);
        }
        catch (Exception problem) when (problem is CudaException or EngineUnavailableException)
        {
            // The machine's first device has passed: only this one is left aside.
            throw new DeviceLostException(device, problem.Message, problem);
        }

        try
        {
            return Make(ordinal, model, loss, precision);
        }
        catch (CudaException problem)
        {
            throw problem.IsLost ? new DeviceLostException(device, problem.Message, problem)
                : new EngineUnavailableException(problem.Message, problem);
        }
    }

    private static GpuReplica Make(int ordinal, ModelSpec model, LossSpec loss, PrecisionKind precision)
    {
        var device = new CudaAccelerator(ordinal);
        try
        {
            return new(device, model, loss, ownsDevice: true, cores: TensorCores.Of(precision));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>The devices of this machine; none where the first one does not compute what it should.</summary>
    private static DeviceSelector Find()
    {
        var found = CudaDevices.Find();
        if (found.CudaDevices == 0)
            return found;
        try
        {
            Check(0, PrecisionKind.Full);
            return found;
        }
        catch (Exception problem) when (problem
            is CudaException or EngineUnavailableException or DeviceLostException or OutOfDeviceMemoryException
                or InsufficientMemoryException)
        {
            return new(CudaDevices: 0, problem.Message);
        }
    }

    private static void Check(int ordinal, PrecisionKind precision)
    {
        lock (Gate)
        {
            if (Checked.Contains((ordinal, precision)))
                return;
            using var device = new CudaAccelerator(ordinal);
            SelfCheck.Run(device, precision);
            Checked.Add((ordinal, precision));
        }
    }
}
