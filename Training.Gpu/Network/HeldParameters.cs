using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>What one replica holds of the <see cref="SharedParameters"/> of its device.</summary>
/// <param name="device">The replica's own accelerator.</param>
/// <param name="parameters">Gets to know where they are.</param>
/// <param name="length">How many numbers.</param>
internal sealed class HeldParameters(IAccelerator device, GpuParameters parameters, int length) : IDisposable
{
    private SharedParameters? _shared;
    private ParameterSet? _set;
    private int _givenBack;

    /// <summary>Lets those before go, and holds these. All work that follows on the device runs behind their copy.</summary>
    /// <exception cref="OutOfDeviceMemoryException">There is not so much memory left.</exception>
    public void Load(ReadOnlySpan<float> numbers)
    {
        // Others may write where those before are.
        device.Wait();
        _shared ??= SharedParameters.Join(device, length);
        _shared.Take(numbers, ref _set);
        if (_givenBack != _shared.GivenBack)
        {
            device.ForgetLists();
            _givenBack = _shared.GivenBack;
        }

        device.Await(_set!.Mark);
        parameters.Start = _set.Start;
    }

    /// <summary>Lets them go; they may be loaded again.</summary>
    public void Dispose()
    {
        var (shared, set) = (_shared, _set);
        (_shared, _set) = (null, null);
        if (shared is null)
            return;
        try
        {
            device.Wait();
        }
        finally
        {
            shared.Leave(set);
        }
    }
}
