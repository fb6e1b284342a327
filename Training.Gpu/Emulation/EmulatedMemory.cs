using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>
/// The memory of an emulated device. Kernels that read or write outside of what was allocated fail, and what was not written is not a
/// number.
/// </summary>
internal sealed unsafe class EmulatedMemory : IDisposable
{
    [ThreadStatic]
    private static EmulatedMemory? _ofThread;

    private readonly SortedList<long, long> _ends = [];
    private long _lastStart;
    private long _lastEnd;

    /// <summary>Bytes that are allocated.</summary>
    public long Bytes { get; private set; }

    /// <summary>Lets kernels that run on this thread use it.</summary>
    public void Enter() => _ofThread = this;

    /// <summary>Allocates memory.</summary>
    public nint Allocate(long bytes)
    {
        void* start = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);
        NativeMemory.Fill(start, (nuint)bytes, 0xFF);
        _ends.Add((long)start, (long)start + bytes);
        Bytes += bytes;
        return (nint)start;
    }

    /// <summary>Gives it back.</summary>
    public void Free(nint address)
    {
        Bytes -= _ends[address] - address;
        _ends.Remove(address);
        (_lastStart, _lastEnd) = (0, 0);
        NativeMemory.AlignedFree((void*)address);
    }

    /// <summary>Returns an address that a kernel may use.</summary>
    /// <exception cref="KernelFaultException">It lies outside of what was allocated.</exception>
    public static long Check(long address, int bytes)
    {
        var memory = _ofThread!;
        if (address < memory._lastStart || address + bytes > memory._lastEnd)
            memory.Find(address, bytes);
        if (address % bytes != 0)
            throw new KernelFaultException($"a kernel accesses {bytes} bytes at {address:x}, which is not a multiple of {bytes}");
        return address;
    }

    public void Dispose()
    {
        foreach (long start in _ends.Keys)
            NativeMemory.AlignedFree((void*)start);
        _ends.Clear();
    }

    private void Find(long address, int bytes)
    {
        foreach (var (start, end) in _ends)
        {
            if (address >= start && address + bytes <= end)
            {
                (_lastStart, _lastEnd) = (start, end);
                return;
            }
        }

        throw new KernelFaultException($"a kernel accesses {bytes} bytes at {address:x}, where nothing was allocated");
    }
}

/// <summary>A kernel is wrong: it left its memory, or its threads did not wait for each other at the same place.</summary>
internal sealed class KernelFaultException(string message) : Exception(message);
