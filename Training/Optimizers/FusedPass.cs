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
    // The bits of a float32 without its sign, as an integer, grow with its magnitude: infinity, and above it every NaN.
    private const int Magnitude = 0x7fffffff;
    private const int Infinity = 0x7f800000;

    /// <summary>Updates all elements.</summary>
    /// <param name="kernel">The update.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="gradient">The gradient, as long.</param>
    /// <param name="first">The first running average, as long, or empty.</param>
    /// <param name="second">The second running average, as long, or empty.</param>
    /// <returns>
    /// Whether all that was written is finite: looked at in registers, on the way to memory, so that it costs no pass.
    /// </returns>
    public static bool Run<TKernel>(TKernel kernel, Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first,
        Span<float> second)
        where TKernel : struct, IUpdateKernel
    {
        int width = Vector<float>.Count;
        int whole = parameters.Length - parameters.Length % width;
        bool isFinite = Blocks(kernel, parameters[..whole], gradient[..whole], Head(first, whole), Head(second, whole));
        if (whole == parameters.Length)
            return isFinite;

        // The tail takes the same vector code, padded, so that there is only one way to compute an element.
        Span<float> padded = stackalloc float[4 * width];
        Span<float> p = padded[..width], g = padded[width..(2 * width)], a = padded[(2 * width)..(3 * width)], b = padded[(3 * width)..];
        parameters[whole..].CopyTo(p);
        gradient[whole..].CopyTo(g);
        Tail(first, whole).CopyTo(a);
        Tail(second, whole).CopyTo(b);
        isFinite &= Blocks(kernel, p, g, a, b);
        int rest = parameters.Length - whole;
        p[..rest].CopyTo(parameters[whole..]);
        a[..Tail(first, whole).Length].CopyTo(Tail(first, whole));
        b[..Tail(second, whole).Length].CopyTo(Tail(second, whole));
        return isFinite;
    }

    private static Span<float> Head(Span<float> state, int whole) => state.IsEmpty ? state : state[..whole];

    private static Span<float> Tail(Span<float> state, int whole) => state.IsEmpty ? state : state[whole..];

    private static bool Blocks<TKernel>(TKernel kernel, Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first,
        Span<float> second)
        where TKernel : struct, IUpdateKernel
    {
        var p = MemoryMarshal.Cast<float, Vector<float>>(parameters);
        var g = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        var a = MemoryMarshal.Cast<float, Vector<float>>(first);
        var b = MemoryMarshal.Cast<float, Vector<float>>(second);
        var (mask, largest) = (new Vector<int>(Magnitude), Vector<int>.Zero);
        for (int i = 0; i < p.Length; i++)
        {
            var parameter = p[i];
            var average = a.IsEmpty ? Vector<float>.Zero : a[i];
            var other = b.IsEmpty ? Vector<float>.Zero : b[i];
            kernel.Update(ref parameter, g[i], ref average, ref other);
            p[i] = parameter;
            largest = Vector.Max(largest, Vector.AsVectorInt32(parameter) & mask);
            if (!a.IsEmpty)
            {
                a[i] = average;
                largest = Vector.Max(largest, Vector.AsVectorInt32(average) & mask);
            }

            if (!b.IsEmpty)
            {
                b[i] = other;
                largest = Vector.Max(largest, Vector.AsVectorInt32(other) & mask);
            }
        }

        return Vector.LessThanAll(largest, new(Infinity));
    }
}
