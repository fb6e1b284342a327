using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>Native memory for float32 numbers, aligned to a cache line, from 2 MiB on to a large page; grows, never shrinks.</summary>
internal sealed unsafe partial class NativeFloats : IDisposable
{
    private const nuint CacheLine = 64;
    private const nuint LargePage = 2 << 20;
    private const int AdviseLargePages = 14;
    private long _length;

    /// <summary>The first number; null before <see cref="Reserve"/>. Changes when the memory grows.</summary>
    public float* Start { get; private set; }

    ~NativeFloats() => Free();

    /// <summary>Ensures room for a number of elements. When the memory grows, its contents are lost and it is zeroed.</summary>
    public void Reserve(long length)
    {
        if (length <= _length)
            return;
        Free();
        nuint bytes = checked((nuint)length * sizeof(float));
        Start = (float*)NativeMemory.AlignedAlloc(bytes, bytes < LargePage ? CacheLine : LargePage);
        if (bytes >= LargePage && OperatingSystem.IsLinux())
        {
            // A product walks through more pages than a processor has at hand; it is advice, which a system may not take.
            _ = Advise(Start, bytes / LargePage * LargePage, AdviseLargePages);
        }

        NativeMemory.Clear(Start, bytes);
        _length = length;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);

    private void Free()
    {
        if (Start is null)
            return;
        NativeMemory.AlignedFree(Start);
        Start = null;
        _length = 0;
    }
}
