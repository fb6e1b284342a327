using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Driver;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>The fused engine on GPUs. Each device is held to the CPU's bits before it computes for the first time.</summary>
public sealed class GpuEngine : IEngineLibrary
{
    private static readonly Lazy<DeviceSelector> Devices = new(CudaDevices.Find);
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Checked = [];

    /// <inheritdoc/>
    public DeviceSelector FindDevices() => Devices.Value;

    /// <inheritdoc/>
    public IReplica Open(ModelSpec model, LossSpec loss, DeviceName device)
    {
        var chosen = Devices.Value.Resolve(device);
        int ordinal = chosen.CudaIndex
            ?? throw new DeviceUnavailableException(device, "found the CPU, expected a GPU; write device: cuda, or engine: auto");
        try
        {
            lock (Gate)
            {
                if (!Checked.Contains(ordinal))
                {
                    using var probe = new CudaAccelerator(ordinal);
                    SelfCheck.Run(probe);
                    Checked.Add(ordinal);
                }
            }

            return new GpuReplica(new CudaAccelerator(ordinal), model, loss, ownsDevice: true);
        }
        catch (CudaException problem)
        {
            throw new EngineUnavailableException(problem.Message, problem);
        }
    }
}
