using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Driver;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>
/// The devices of this process, each of which is held to the CPU's bits before it computes for the first time. What was found out then is
/// kept: a device that is refused once is refused at once from then on. Thread-safe.
/// </summary>
/// <param name="find">Looks up the machine's devices.</param>
/// <param name="open">Opens one by its number.</param>
internal sealed class GpuDevices(Func<DeviceSelector> find, Func<int, IAccelerator> open)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(int Ordinal, PrecisionKind Precision), Exception?> _checked = [];
    private DeviceSelector? _found;

    /// <summary>The devices; none where the first one does not compute what it should.</summary>
    public DeviceSelector Found
    {
        get
        {
            lock (_gate)
                return _found ??= Find();
        }
    }

    /// <summary>Opens a device that computes what the CPU does.</summary>
    /// <param name="device">The device.</param>
    /// <param name="precision">What factors of large products are rounded to; held to float32's numbers, too.</param>
    /// <exception cref="DeviceUnavailableException">This machine has no such device.</exception>
    /// <exception cref="DeviceLostException">It does not compute what it should, or cannot be used; others may.</exception>
    /// <exception cref="EngineUnavailableException">Only what was asked of it failed.</exception>
    public IAccelerator Open(DeviceName device, PrecisionKind precision = PrecisionKind.Full)
    {
        int ordinal = Found.Resolve(device).CudaIndex
            ?? throw new DeviceUnavailableException(device, "found the CPU, expected a GPU; write device: cuda, or engine: auto");
        try
        {
            lock (_gate)
            {
                // The machine's first device has passed: only this one is left aside.
                if (Check(ordinal, PrecisionKind.Full) is { } problem)
                    throw new DeviceLostException(device, problem.Message, problem) { FailedCheck = true };

                // In float32 it computes what it should: other runs may have it.
                if (Check(ordinal, precision) is { } unfit)
                    throw new EngineUnavailableException(unfit.Message, unfit);
            }

            return open(ordinal);
        }
        catch (CudaException problem)
        {
            throw problem.IsLost ? new DeviceLostException(device, problem.Message, problem)
                : new EngineUnavailableException(problem.Message, problem);
        }
    }

    private DeviceSelector Find()
    {
        var found = find();
        if (found.CudaDevices == 0)
            return found;
        try
        {
            return Check(0, PrecisionKind.Full) is { } problem ? new(CudaDevices: 0, problem.Message) : found;
        }
        catch (Exception problem)
            when (GpuMemory.IsLack(problem) || problem is CudaException or DeviceLostException)
        {
            return new(CudaDevices: 0, problem.Message);
        }
    }

    /// <summary>
    /// Why a device is refused; null where it is not. What says nothing of what it computes, as a lack of memory or its loss, is thrown,
    /// and asked again.
    /// </summary>
    private Exception? Check(int ordinal, PrecisionKind precision)
    {
        if (_checked.TryGetValue((ordinal, precision), out var known))
            return known;
        try
        {
            using var device = open(ordinal);
            SelfCheck.Run(device, precision);
            return _checked[(ordinal, precision)] = null;
        }
        catch (Exception problem) when (problem is CudaException { IsLost: false } or EngineUnavailableException)
        {
            return _checked[(ordinal, precision)] = problem;
        }
    }
}
