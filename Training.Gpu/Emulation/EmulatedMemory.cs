using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>
/// The memory of an emulated device, of all its accelerators, which may be used by a thread each. Kernels that read or write outside of
/// what was allocated fail, and what was not written is not a number.
/// </summary>
internal sealed unsafe class EmulatedMemory
{
    [ThreadStatic]
    private static View? _ofThread;

    private readonly Lock _gate = new();
    private readonly SortedList<long, long> _ends = [];
    private readonly HashSet<nint> _pageLocked = [];
    private readonly List<(Emulator Owner, long Count)> _marks = [];
    private int _accelerators;
    private long _bytes;
    private long _version;

    /// <summary>Bytes that are allocated.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Pieces of page-locked memory that were not given back.</summary>
    public int PageLocked
    {
        get
        {
            lock (_gate)
                return _pageLocked.Count;
        }
    }

    /// <summary>An accelerator of the device is opened.</summary>
    public void Open() => Interlocked.Increment(ref _accelerators);

    /// <summary>It is closed; with the last one all memory ends.</summary>
    public void Close()
    {
        if (Interlocked.Decrement(ref _accelerators) > 0)
            return;
        foreach (long start in _ends.Keys)
            NativeMemory.AlignedFree((void*)start);
        foreach (nint address in _pageLocked)
            NativeMemory.Free((void*)address);
        _ends.Clear();
        _pageLocked.Clear();
    }

    /// <summary>Lets kernels that run on this thread use it.</summary>
    public void Enter()
    {
        var view = _ofThread ??= new();
        long version = Interlocked.Read(ref _version);
        if (view.Memory != this || view.Version != version)
            (view.Memory, view.Version, view.Start, view.End) = (this, version, 0, 0);
    }

    /// <summary>Allocates memory.</summary>
    public nint Allocate(long bytes)
    {
        void* start = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), 256);
        NativeMemory.Fill(start, (nuint)bytes, 0xFF);
        lock (_gate)
            _ends.Add((long)start, (long)start + bytes);
        Interlocked.Add(ref _bytes, bytes);
        return (nint)start;
    }

    /// <summary>Gives it back.</summary>
    public void Free(nint address)
    {
        lock (_gate)
        {
            Interlocked.Add(ref _bytes, address - _ends[address]);
            _ends.Remove(address);
            _version++;
        }

        NativeMemory.AlignedFree((void*)address);
    }

    /// <summary>Allocates page-locked memory of the host.</summary>
    public nint AllocateHost(long bytes)
    {
        nint address = (nint)NativeMemory.Alloc((nuint)bytes);
        NativeMemory.Fill((void*)address, (nuint)bytes, 0xFF);
        lock (_gate)
            _pageLocked.Add(address);
        return address;
    }

    /// <summary>Gives it back.</summary>
    public void FreeHost(nint address)
    {
        lock (_gate)
        {
            if (!_pageLocked.Remove(address))
                return;
        }

        NativeMemory.Free((void*)address);
    }

    /// <summary>Moves a mark behind so much of an accelerator's work; 0 makes one.</summary>
    public nint Mark(nint mark, Emulator owner, long count)
    {
        lock (_gate)
        {
            if (mark == 0)
            {
                _marks.Add(default);
                mark = _marks.Count;
            }

            _marks[(int)mark - 1] = (owner, count);
            return mark;
        }
    }

    /// <summary>What a mark stands behind.</summary>
    public (Emulator Owner, long Count) FindMark(nint mark)
    {
        lock (_gate)
            return _marks[(int)mark - 1];
    }

    /// <summary>Returns an address that a kernel may use.</summary>
    /// <exception cref="KernelFaultException">It lies outside of what was allocated.</exception>
    public static long Check(long address, int bytes)
    {
        var view = _ofThread!;
        if (address < view.Start || address + bytes > view.End)
            (view.Start, view.End) = view.Memory!.Find(address, bytes);
        if (address % bytes != 0)
            throw new KernelFaultException($"a kernel accesses {bytes} bytes at {address:x}, which is not a multiple of {bytes}");
        return address;
    }

    private (long Start, long End) Find(long address, int bytes)
    {
        lock (_gate)
        {
            foreach (var (start, end) in _ends)
            {
                if (address >= start && address + bytes <= end)
                    return (start, end);
            }
        }

        throw new KernelFaultException($"a kernel accesses {bytes} bytes at {address:x}, where nothing was allocated");
    }

    /// <summary>What a thread used last.</summary>
    private sealed class View
    {
        public EmulatedMemory? Memory { get; set; }

        public long Version { get; set; }

        public long Start { get; set; }

        public long End { get; set; }
    }
}

/// <summary>A kernel is wrong: it left its memory, or its threads did not wait for each other at the same place.</summary>
internal sealed class KernelFaultException(string message) : Exception(message);
