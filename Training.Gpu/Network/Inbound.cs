using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// What a chunk brings to the device: all of it one after another in page-locked memory, and one copy. While a chunk is packed nothing may
/// be copying the one before.
/// </summary>
internal sealed unsafe class Inbound(IAccelerator device) : IDisposable
{
    // What a device reads with one access, and more, lies at a multiple of it.
    private const int Alignment = 256;

    private readonly PinnedBuffer _host = new(device);
    private readonly DeviceBuffer _device = new(device);
    private long _bytes;

    /// <summary>Begins to pack a chunk.</summary>
    public void Begin() => _bytes = 0;

    /// <summary>Adds numbers; returns the room for them, which is theirs until more are added.</summary>
    /// <param name="count">How many.</param>
    /// <param name="offset">Where they will be, for <see cref="At"/>.</param>
    public Span<T> Add<T>(int count, out long offset) where T : unmanaged
    {
        offset = _bytes;
        long end = offset + ((long)count * sizeof(T));
        _bytes = (end + Alignment - 1) / Alignment * Alignment;
        _host.Reserve(_bytes, offset);
        return _host.Numbers<T>(offset, count);
    }

    /// <summary>Has all of it copied.</summary>
    /// <returns>Whether it is elsewhere on the device than the one before, whose memory was given back.</returns>
    public bool CopyTo(ICommands commands)
    {
        nint before = _device.Address;
        _device.Reserve(_bytes / sizeof(float));
        if (_bytes > 0)
            commands.CopyIn(_host.Address, _device.Address, _bytes);
        return before != 0 && before != _device.Address;
    }

    /// <summary>Where numbers are on the device, after <see cref="CopyTo"/>.</summary>
    public nint At(long offset) => _device.Address + (nint)offset;

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _device.Dispose();
        _host.Dispose();
    }
}

/// <summary>Numbers of one kind that every chunk brings.</summary>
internal sealed class InboundPart(Inbound inbound)
{
    private long _offset;

    /// <summary>Where they are on the device.</summary>
    public nint Address => inbound.At(_offset);

    /// <summary>Packs them.</summary>
    public void Load<T>(ReadOnlySpan<T> numbers) where T : unmanaged => numbers.CopyTo(Room<T>(numbers.Length));

    /// <summary>Room for them among what is packed.</summary>
    public Span<T> Room<T>(int count) where T : unmanaged => inbound.Add<T>(count, out _offset);
}
