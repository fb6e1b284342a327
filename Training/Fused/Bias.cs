using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>A bias in the flat parameters, and its gradient, a sum over rows.</summary>
internal sealed unsafe class Bias(ParameterLayout layout, string name)
{
    private readonly ParameterSlot _slot = layout.Slots.Single(slot => slot.Name == name);
    private readonly int _length = layout.Slots.Single(slot => slot.Name == name).Length;

    /// <summary>Copies the bias.</summary>
    public void CopyTo(float* parameters, float* destination) => new ReadOnlySpan<float>(parameters + _slot.Offset, _length)
        .CopyTo(new(destination, _length));

    /// <summary>Adds the bias.</summary>
    public void AddTo(float* parameters, float* destination) => Elementwise.Run(new AddTo(parameters + _slot.Offset, destination), _length);

    /// <summary>The sum of rows into the flat gradient.</summary>
    public void Gradient(Team team, OutputGradient outputGradient, float* gradient) => team.Share(
        new Sums(this, outputGradient.Start, outputGradient.Stride, outputGradient.Count, outputGradient.Sums, gradient), _length,
        Elementwise.Width, (long)outputGradient.Count * _length);

    private void Gradient(float* first, nint stride, int rows, RowSums sums, float* gradient, int begin, int end)
    {
        // From the last row up, or from the first row down.
        float* sum = gradient + _slot.Offset;
        if (sums == RowSums.Ascending)
            new Span<float>(sum + begin, end - begin).Clear();
        int at = begin, block = 4 * Elementwise.Width;
        for (; at + block <= end; at += block)
            Elementwise.Run(new FourSums(first + at, stride, rows, sum + at, Elementwise.Width), Elementwise.Width);
        Elementwise.Run(new RowSum(first + at, stride, rows, sum + at), end - at);
    }

    /// <summary>Copies another bias's gradient.</summary>
    public void CopyGradient(Bias other, float* gradient) =>
        new ReadOnlySpan<float>(gradient + other._slot.Offset, _length).CopyTo(new(gradient + _slot.Offset, _length));

    private readonly struct Sums(Bias bias, float* first, nint stride, int rows, RowSums sums, float* gradient) : IRangeWork
    {
        public void Do(int member, int begin, int end) => bias.Gradient(first, stride, rows, sums, gradient, begin, end);
    }

    /// <summary>Adds rows to a sum that stays in a register.</summary>
    private readonly struct RowSum(float* first, nint stride, int rows, float* sums) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* row = first + at;
            var sum = T.Load(sums + at);
            for (int i = 0; i < rows; i++, row += stride)
                sum += T.Load(row);
            T.Store(sum, sums + at);
        }
    }

    /// <summary>The same for four sums, so that they do not wait for each other.</summary>
    private readonly struct FourSums(float* first, nint stride, int rows, float* sums, int width) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* row = first + at, to = sums + at;
            T a = T.Load(to), b = T.Load(to + width), c = T.Load(to + 2 * width), d = T.Load(to + 3 * width);
            for (int i = 0; i < rows; i++, row += stride)
            {
                a += T.Load(row);
                b += T.Load(row + width);
                c += T.Load(row + 2 * width);
                d += T.Load(row + 3 * width);
            }

            T.Store(a, to);
            T.Store(b, to + width);
            T.Store(c, to + 2 * width);
            T.Store(d, to + 3 * width);
        }
    }
}
