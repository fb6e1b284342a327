using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Benchmarks.Compare;

/// <summary>
/// The peak of a core: fused multiply-adds on registers and nothing else. No matrix product can be faster.
/// </summary>
internal static class Peak
{
    private const int Sums = 12;
    private const int Rounds = 100_000;

    /// <summary>The peak of this thread in GFLOP/s.</summary>
    /// <param name="time">How long to measure.</param>
    public static double Measure(TimeSpan time) =>
        Vector512.IsHardwareAccelerated ? Measure<Floats16>(time)
        : Vector256.IsHardwareAccelerated ? Measure<Floats8>(time)
        : Vector128.IsHardwareAccelerated ? Measure<Floats4>(time)
        : Measure<Floats1>(time);

    private static double Measure<T>(TimeSpan time) where T : unmanaged, IFloats<T>
    {
        double operations = 0;
        long started = Stopwatch.GetTimestamp();
        double before = ProcessorClock.Seconds;
        do
        {
            Run<T>();
            operations += 2.0 * Sums * T.Count * Rounds;
        }
        while (Stopwatch.GetElapsedTime(started) < time);
        return operations / (ProcessorClock.Seconds - before) / 1e9;
    }

    /// <summary>More sums than a core has multiply-adds in flight, and few enough for 16 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe void Run<T>() where T : unmanaged, IFloats<T>
    {
        T x = T.Of(0.5f), y = T.Of(1);
        T a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int round = 0; round < Rounds; round++)
        {
            a = T.MultiplyAdd(a, x, y);
            b = T.MultiplyAdd(b, x, y);
            c = T.MultiplyAdd(c, x, y);
            d = T.MultiplyAdd(d, x, y);
            e = T.MultiplyAdd(e, x, y);
            f = T.MultiplyAdd(f, x, y);
            g = T.MultiplyAdd(g, x, y);
            h = T.MultiplyAdd(h, x, y);
            i = T.MultiplyAdd(i, x, y);
            j = T.MultiplyAdd(j, x, y);
            k = T.MultiplyAdd(k, x, y);
            l = T.MultiplyAdd(l, x, y);
        }

        // Keeps the compiler from removing the computation.
        float* sum = stackalloc float[T.Count];
        T.Store(a + b + c + d + e + f + g + h + i + j + k + l, sum);
        GC.KeepAlive(sum[0]);
    }
}
