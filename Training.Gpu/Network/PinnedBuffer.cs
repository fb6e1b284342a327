using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>Page-locked memory of the host, which a device copies from and to by itself; it grows to what is needed.</summary>
internal sealed unsafe class PinnedBuffer(IAccelerator device) : IDisposable
{
    private long _bytes;

    /// <summary>Where it begins; 0 before it was first needed.</summary>
    public nint Address { get; private set; }

    /// <summary>Makes room, and keeps the first bytes; of what is kept, room for as much again.</summary>
    public PinnedBuffer Reserve(long bytes, long kept = 0)
    {
        if (bytes <= _bytes)
            return this;
        bytes = kept > 0 ? Math.Max(bytes, 2 * _bytes) : bytes;
        nint grown = device.AllocateHost(bytes);
        Buffer.MemoryCopy((void*)Address, (void*)grown, bytes, kept);
        Dispose();
        (Address, _bytes) = (grown, bytes);
        return this;
    }

    /// <summary>Some of its numbers.</summary>
    /// <param name="offset">Where they begin, in bytes.</param>
    /// <param name="count">How many.</param>
    public Span<T> Numbers<T>(long offset, int count) where T : unmanaged => new((byte*)Address + offset, count);

    public void Dispose()
    {
        if (Address != 0)
            device.FreeHost(Address);
        (Address, _bytes) = (0, 0);
    }
}
