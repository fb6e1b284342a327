using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>Memory of a device that grows to what is needed; when it grows, its contents are lost.</summary>
internal sealed class DeviceBuffer(IAccelerator device) : IDisposable
{
    private nint _address;
    private long _bytes;

    /// <summary>Where it begins; 0 before it was first needed.</summary>
    public nint Address => _address;

    /// <summary>The address of one of its numbers.</summary>
    public nint At(long number) => _address + (nint)(number * sizeof(float));

    /// <summary>Makes room for so many numbers of 32 bits.</summary>
    public DeviceBuffer Reserve(long numbers)
    {
        long bytes = numbers * sizeof(float);
        if (bytes <= _bytes)
            return this;
        Dispose();
        _address = device.Allocate(bytes);
        _bytes = bytes;
        return this;
    }

    /// <summary>Makes room for what the host has, and copies it.</summary>
    public unsafe DeviceBuffer Load<T>(ReadOnlySpan<T> numbers) where T : unmanaged
    {
        Reserve(((long)numbers.Length * sizeof(T) + sizeof(float) - 1) / sizeof(float));
        fixed (T* from = numbers)
            device.Upload(from, _address, (long)numbers.Length * sizeof(T));
        return this;
    }

    /// <summary>Copies to the host.</summary>
    public unsafe void Store(Span<float> numbers, long first = 0)
    {
        fixed (float* to = numbers)
            device.Download(At(first), to, (long)numbers.Length * sizeof(float));
    }

    public void Dispose()
    {
        if (_address != 0)
            device.Free(_address);
        (_address, _bytes) = (0, 0);
    }
}
