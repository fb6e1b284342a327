using System.Numerics;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>The update of a vector of elements.</summary>
internal interface IUpdateKernel
{
    /// <summary>Updates parameters and running averages. An average that the optimizer lacks is passed as zero and discarded.</summary>
    void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second);
}

/// <summary>Runs an update once over the flat buffers.</summary>
internal static class FusedPass
{
    /// <param name="kernel">The update.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="gradient">The gradient, as long.</param>
    /// <param name="first">The first running average, as long, or empty.</param>
    /// <param name="second">The second running average, as long, or empty.</param>
    public static void Run<TKernel>(TKernel kernel, Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first,
        Span<float> second)
        where TKernel : struct, IUpdateKernel
    {
        int width = Vector<float>.Count;
        int whole = parameters.Length - parameters.Length % width;
        Blocks(kernel, parameters[..whole], gradient[..whole], Head(first, whole), Head(second, whole));
        if (whole == parameters.Length)
            return;

        // The tail takes the same vector code, padded, so that there is only one way to compute an element.
        Span<float> padded = stackalloc float[4 * width];
        Span<float> p = padded[..width], g = padded[width..(2 * width)], a = padded[(2 * width)..(3 * width)], b = padded[(3 * width)..];
        parameters[whole..].CopyTo(p);
        gradient[whole..].CopyTo(g);
        Tail(first, whole).CopyTo(a);
        Tail(second, whole).CopyTo(b);
        Blocks(kernel, p, g, a, b);
        int rest = parameters.Length - whole;
        p[..rest].CopyTo(parameters[whole..]);
        a[..Tail(first, whole).Length].CopyTo(Tail(first, whole));
        b[..Tail(second, whole).Length].CopyTo(Tail(second, whole));
    }

    private static Span<float> Head(Span<float> state, int whole) => state.IsEmpty ? state : state[..whole];

    private static Span<float> Tail(Span<float> state, int whole) => state.IsEmpty ? state : state[whole..];

    private static void Blocks<TKernel>(TKernel kernel, Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first,
        Span<float> second)
        where TKernel : struct, IUpdateKernel
    {
        var p = MemoryMarshal.Cast<float, Vector<float>>(parameters);
        var g = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        var a = MemoryMarshal.Cast<float, Vector<float>>(first);
        var b = MemoryMarshal.Cast<float, Vector<float>>(second);
        for (int i = 0; i < p.Length; i++)
        {
            var average = a.IsEmpty ? Vector<float>.Zero : a[i];
            var other = b.IsEmpty ? Vector<float>.Zero : b[i];
            kernel.Update(ref p[i], g[i], ref average, ref other);
            if (!a.IsEmpty)
                a[i] = average;
            if (!b.IsEmpty)
                b[i] = other;
        }
    }
}
