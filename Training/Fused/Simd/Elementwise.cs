using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>An operation on each element of a row, independent of the other elements.</summary>
internal interface IElementwise
{
    /// <summary>Processes the elements from <paramref name="at"/> on, as many as <typeparamref name="TFloats"/> holds.</summary>
    void Do<TFloats>(int at) where TFloats : unmanaged, IFloats<TFloats>;
}

/// <summary>Runs an element-by-element operation over a row in the processor's widest registers, its end in narrower ones.</summary>
internal static class Elementwise
{
    /// <summary>The numbers in the widest register; rows of buffers are padded to a multiple of it.</summary>
    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : Vector128.IsHardwareAccelerated ? 4 : 1;
    }

    /// <summary>Processes elements 0 to <paramref name="count"/> − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TWork>(TWork work, int count) where TWork : struct, IElementwise
    {
        int at = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; at + 16 <= count; at += 16)
                work.Do<Floats16>(at);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            for (; at + 8 <= count; at += 8)
                work.Do<Floats8>(at);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            for (; at + 4 <= count; at += 4)
                work.Do<Floats4>(at);
        }

        for (; at < count; at++)
            work.Do<Floats1>(at);
    }
}
