using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Orleans.Tbptt.Training.Fused.Threads;

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

    /// <summary>The same without its first rows, as many as fill tiles.</summary>
    public LeftFactor From(int row) => this with { Start = Start + (row * Block * sizeof(float)) };

    /// <summary>The transpose of rows in their own layout.</summary>
    public static LeftFactor Transposed(float* start, nint stride) => new((nint)start, 1, 1, stride, Even: true);
}

/// <summary>
/// The transpose of rows as a left factor, in the order in which a tile reads it: strips of as many columns as a tile has rows, the numbers
/// of a step contiguous.
/// </summary>
internal sealed unsafe class Strips : IDisposable
{
    /// <summary>Numbers of a cache line.</summary>
    private const int Line = 16;

    private readonly NativeFloats _memory = new();

    /// <summary>Packs the transpose: number [m, k] is <c>source[k · stride + m]</c>.</summary>
    public LeftFactor Pack(Team team, float* source, nint stride, int rows, int depth)
    {
        int height = Tiles.Rows;
        _memory.Reserve((long)(rows + height - 1) / height * height * depth);
        team.Share(new Packing(_memory.Start, source, stride, depth), rows, Line, 8L * rows * depth);
        return new((nint)_memory.Start, depth, 1, height, Even: false);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(float* start, float* source, nint stride, int row, int rows, int depth)
    {
        int height = Tiles.Rows;
        float* to = start + ((nint)row * depth);

        // Strips that share a cache line of the source are packed together, so that it is read once.
        for (; row + Line <= rows; row += Line, to += (nint)Line * depth)
        {
            if (height == 8)
                PackTwo(source + row, stride, to, depth);
            else
                PackFour(source + row, stride, to, depth);
        }

        for (; row < rows; row += height)
        {
            int filled = Math.Min(height, rows - row);
            float* from = source + row;
            for (int k = 0; k < depth; k++, to += height, from += stride)
            {
                for (int i = 0; i < filled; i++)
                    to[i] = from[i];
            }
        }
    }

    public void Dispose() => _memory.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackTwo(float* from, nint stride, float* to, int depth)
    {
        float* second = to + (8 * (nint)depth);
        for (int k = 0; k < depth; k++, to += 8, second += 8, from += stride)
        {
            Vector256.Store(Vector256.Load(from), to);
            Vector256.Store(Vector256.Load(from + 8), second);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackFour(float* from, nint stride, float* to, int depth)
    {
        float* second = to + (4 * (nint)depth), third = second + (4 * (nint)depth), fourth = third + (4 * (nint)depth);
        for (int k = 0; k < depth; k++, to += 4, second += 4, third += 4, fourth += 4, from += stride)
        {
            Vector128.Store(Vector128.Load(from), to);
            Vector128.Store(Vector128.Load(from + 4), second);
            Vector128.Store(Vector128.Load(from + 8), third);
            Vector128.Store(Vector128.Load(from + 12), fourth);
        }
    }

    private readonly struct Packing(float* start, float* source, nint stride, int depth) : IRangeWork
    {
        public void Do(int member, int first, int end) => Pack(start, source, stride, first, end, depth);
    }
}
