using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>Moves numbers between rows and columns; nothing is computed, so that processors differ in speed only.</summary>
internal static unsafe class Transposing
{
    /// <summary>Rows and columns of a block that is transposed in registers.</summary>
    public const int Block = 8;

    /// <summary>Writes the transpose of rows: <c>to[k · toStride + n] = from[n · fromStride + k]</c>.</summary>
    /// <param name="from">The first row's first number.</param>
    /// <param name="fromStride">The stride between rows.</param>
    /// <param name="to">Where the first column goes.</param>
    /// <param name="toStride">The stride between columns.</param>
    /// <param name="rows">How many rows, n.</param>
    /// <param name="columns">How many columns, k.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* from, nint fromStride, float* to, nint toStride, int rows, int columns)
    {
        int wholeRows = Avx.IsSupported ? rows & -Block : 0, wholeColumns = columns & -Block;
        for (int k = 0; k < wholeColumns; k += Block)
        {
            for (int n = 0; n < wholeRows; n += Block)
                InRegisters(from + (n * fromStride) + k, fromStride, to + (k * toStride) + n, toStride);
            OneByOne(from + (wholeRows * fromStride) + k, fromStride, to + (k * toStride) + wholeRows, toStride, rows - wholeRows, Block);
        }

        OneByOne(from + wholeColumns, fromStride, to + (wholeColumns * toStride), toStride, rows, columns - wholeColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneByOne(float* from, nint fromStride, float* to, nint toStride, int rows, int columns)
    {
        for (int n = 0; n < rows; n++)
        {
            float* column = to + n;
            for (int k = 0; k < columns; k++, column += toStride)
                *column = from[(n * fromStride) + k];
        }
    }

    /// <summary>Pairs of rows are interleaved, then pairs of pairs, then the registers' halves exchanged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InRegisters(float* from, nint fromStride, float* to, nint toStride)
    {
        float* from3 = from + (3 * fromStride), from6 = from3 + (3 * fromStride);
        Vector256<float> a = Vector256.Load(from), b = Vector256.Load(from + fromStride), c = Vector256.Load(from + (2 * fromStride));
        Vector256<float> d = Vector256.Load(from3), e = Vector256.Load(from3 + fromStride), f = Vector256.Load(from3 + (2 * fromStride));
        Vector256<float> g = Vector256.Load(from6), h = Vector256.Load(from6 + fromStride);

        Vector256<float> ab = Avx.UnpackLow(a, b), ab2 = Avx.UnpackHigh(a, b), cd = Avx.UnpackLow(c, d), cd2 = Avx.UnpackHigh(c, d);
        Vector256<float> ef = Avx.UnpackLow(e, f), ef2 = Avx.UnpackHigh(e, f), gh = Avx.UnpackLow(g, h), gh2 = Avx.UnpackHigh(g, h);
        const byte Low = 0x44, High = 0xEE;
        Vector256<float> first = Avx.Shuffle(ab, cd, Low), second = Avx.Shuffle(ab, cd, High);
        Vector256<float> third = Avx.Shuffle(ab2, cd2, Low), fourth = Avx.Shuffle(ab2, cd2, High);
        Vector256<float> first2 = Avx.Shuffle(ef, gh, Low), second2 = Avx.Shuffle(ef, gh, High);
        Vector256<float> third2 = Avx.Shuffle(ef2, gh2, Low), fourth2 = Avx.Shuffle(ef2, gh2, High);

        const byte Lower = 0x20, Upper = 0x31;
        float* to3 = to + (3 * toStride), to6 = to3 + (3 * toStride);
        Vector256.Store(Avx.Permute2x128(first, first2, Lower), to);
        Vector256.Store(Avx.Permute2x128(second, second2, Lower), to + toStride);
        Vector256.Store(Avx.Permute2x128(third, third2, Lower), to + (2 * toStride));
        Vector256.Store(Avx.Permute2x128(fourth, fourth2, Lower), to3);
        Vector256.Store(Avx.Permute2x128(first, first2, Upper), to3 + toStride);
        Vector256.Store(Avx.Permute2x128(second, second2, Upper), to3 + (2 * toStride));
        Vector256.Store(Avx.Permute2x128(third, third2, Upper), to6);
        Vector256.Store(Avx.Permute2x128(fourth, fourth2, Upper), to6 + toStride);
    }
}
