using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>Parameters on a device, with what they were copied from, by which they are known.</summary>
/// <param name="keeper">Has their memory, and copies them.</param>
/// <param name="length">How many numbers.</param>
internal sealed class ParameterSet(IAccelerator keeper, int length) : IDisposable
{
    private readonly DeviceBuffer _device = new(keeper);
    private readonly PinnedBuffer _host = new(keeper);
    private bool _isWhole;

    /// <summary>Where they begin.</summary>
    public nint Start => _device.Address;

    /// <summary>How many replicas hold them.</summary>
    public int Holders { get; set; }

    /// <summary>The end of their copy, which is to be awaited before anything is computed with them.</summary>
    public nint Mark { get; private set; }

    private Span<float> OnHost => _host.Numbers<float>(0, length);

    /// <summary>Takes the memory on the device.</summary>
    public ParameterSet Reserve()
    {
        _device.Reserve(length);
        return this;
    }

    /// <summary>Whether it has these parameters, bit for bit.</summary>
    public bool Has(ReadOnlySpan<float> parameters) =>
        _isWhole && MemoryMarshal.AsBytes(parameters).SequenceEqual(MemoryMarshal.AsBytes(OnHost));

    /// <summary>Copies other parameters to where these are, which nothing may be computing with, or be copying.</summary>
    public void Load(ReadOnlySpan<float> parameters)
    {
        // A copy that nobody came to await, because memory was short, may not have ended.
        keeper.Wait();
        _isWhole = false;
        _host.Reserve((long)length * sizeof(float));
        parameters.CopyTo(OnHost);
        keeper.CopyIn(_host.Address, _device.Address, (long)length * sizeof(float));
        Mark = keeper.Mark(Mark);
        _isWhole = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _device.Dispose();
        _host.Dispose();
    }
}
