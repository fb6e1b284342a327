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

    /// <summary>The numbers that <see cref="Run"/> processes at once where a number of them is left.</summary>
    public static int WidthOf(int left)
    {
        int width = Width;
        while (width > left)
            width /= width == 4 ? 4 : 2;
        return width;
    }

    /// <summary>Processes elements 0 to <paramref name="count"/> − 1.</summary>
    /// <remarks>
    /// What a row has left after the widest registers is a method of its own: the compiler inlines only so much into one method, and would
    /// call each operation of the second width otherwise.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TWork>(TWork work, int count) where TWork : struct, IElementwise
    {
        int at = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            for (; at + 16 <= count; at += 16)
                work.Do<Floats16>(at);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            for (; at + 8 <= count; at += 8)
                work.Do<Floats8>(at);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            for (; at + 4 <= count; at += 4)
                work.Do<Floats4>(at);
        }
        else
        {
            for (; at < count; at++)
                work.Do<Floats1>(at);
        }

        if (at == count)
            return;

        // By reference: passed by value it would be read in other pieces than it has just been written in, for which a processor waits.
        // A copy, so that the loop above has the fields in registers.
        var rest = work;
        if (Vector512.IsHardwareAccelerated && (count & 8) != 0)
            Once<TWork, Floats8>(ref rest, count & ~15);
        if (Vector256.IsHardwareAccelerated && (count & 4) != 0)
            Once<TWork, Floats4>(ref rest, count & ~7);
        if ((count & 3) != 0)
            Last(ref rest, count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Once<TWork, TFloats>(ref TWork work, int at) where TWork : struct, IElementwise
        where TFloats : unmanaged, IFloats<TFloats> => work.Do<TFloats>(at);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Last<TWork>(ref TWork work, int count) where TWork : struct, IElementwise
    {
        for (int at = count & ~3; at < count; at++)
            work.Do<Floats1>(at);
    }
}
