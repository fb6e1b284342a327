using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>Rows times a mask of dropout, and the gradient's way back. Its buffers grow when they are first used.</summary>
internal sealed unsafe class MaskedRows(int columns) : IDisposable
{
    private float[] _mask = [];

    /// <summary>The products.</summary>
    public Rows Values { get; } = new(columns);

    /// <summary>Room for so many products, and for their mask, <c>[rows, columns]</c>.</summary>
    public Span<float> Mask(int rows)
    {
        int needed = rows * columns;
        Values.Reserve(rows);
        if (_mask.Length < needed)
            _mask = new float[needed];
        return _mask.AsSpan(0, needed);
    }

    /// <summary>Multiplies rows.</summary>
    public void Multiply(float* from, int fromStride, int rows) => Multiply(from, fromStride, Values, 0, rows);

    /// <summary>Multiplies some rows.</summary>
    public void Multiply(float* from, int fromStride, int first, int rows) => Multiply(from, fromStride, Values, first, rows);

    /// <summary>Makes the gradient of the products that of what was multiplied, in its place.</summary>
    public void Backward(Rows gradient, int rows) => Backward(gradient, 0, rows);

    /// <summary>The same for some rows.</summary>
    public void Backward(Rows gradient, int first, int rows) => Multiply(gradient[0], gradient.Stride, gradient, first, rows);

    public void Dispose() => Values.Dispose();

    private void Multiply(float* from, int fromStride, Rows to, int first, int rows)
    {
        fixed (float* mask = _mask)
        {
            for (int row = first; row < first + rows; row++)
                Elementwise.Run(new MultiplyWork(from + (long)row * fromStride, mask + (long)row * columns, to[row]), columns);
        }
    }

    private readonly struct MultiplyWork(float* left, float* right, float* to) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(T.Load(left + at) * T.Load(right + at), to + at);
    }
}
