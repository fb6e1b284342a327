using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>The left factor of a product, <c>[rows, depth]</c>, and its strides.</summary>
/// <param name="Start">Its first number.</param>
/// <param name="Block">The stride between rows at which tiles begin.</param>
/// <param name="Row">The stride between rows within a tile.</param>
/// <param name="Step">The stride between terms of a sum.</param>
/// <param name="Even">Whether tiles may be of any height; otherwise each but the last has all rows.</param>
internal readonly unsafe record struct LeftFactor(nint Start, nint Block, nint Row, nint Step, bool Even)
{
    /// <summary>Rows in their own layout.</summary>
    public static LeftFactor Of(float* start, nint stride) => new((nint)start, stride, stride, 1, Even: true);
}

/// <summary>
/// The transpose of rows as a left factor, in the order in which a tile reads it: strips of as many columns as a tile has rows, the numbers
/// of a step contiguous.
/// </summary>
internal sealed unsafe class Strips : IDisposable
{
    private readonly NativeFloats _memory = new();

    /// <summary>Packs the transpose of so many rows, in the order in which a sum over them runs.</summary>
    /// <param name="source">The rows.</param>
    /// <param name="rows">How many.</param>
    /// <param name="sums">How a sum over them runs.</param>
    /// <param name="first">The first of their columns.</param>
    /// <param name="columns">How many columns; null for all.</param>
    public LeftFactor Pack(Rows source, int rows, RowSums sums, int first = 0, int? columns = null) => sums == RowSums.Ascending
        ? Pack(source[0] + first, source.Stride, columns ?? source.Columns, rows)
        : Pack(source[rows - 1] + first, -source.Stride, columns ?? source.Columns, rows);

    /// <summary>Packs the transpose: number [m, k] is <c>source[k · stride + m]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public LeftFactor Pack(float* source, nint stride, int rows, int depth)
    {
        int height = Tiles.Rows;
        _memory.Reserve((long)(rows + height - 1) / height * height * depth);
        float* to = _memory.Start;
        for (int row = 0; row < rows; row += height)
        {
            int filled = Math.Min(height, rows - row);
            float* from = source + row;
            if (filled == 8)
            {
                for (int k = 0; k < depth; k++, to += height, from += stride)
                    Vector256.Store(Vector256.Load(from), to);
                continue;
            }

            if (filled == 4)
            {
                for (int k = 0; k < depth; k++, to += height, from += stride)
                    Vector128.Store(Vector128.Load(from), to);
                continue;
            }

            for (int k = 0; k < depth; k++, to += height, from += stride)
                new ReadOnlySpan<float>(from, filled).CopyTo(new(to, filled));
        }

        return new((nint)_memory.Start, depth, 1, height, Even: false);
    }

    public void Dispose() => _memory.Dispose();
}
