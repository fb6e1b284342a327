using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>A compile-time constant that specialises a tile's code.</summary>
internal interface ICount
{
    static abstract int Value { get; }
}

/// <summary>
/// The innermost loop of every matrix product: a tile of up to 8 rows and 3 registers of columns, whose sums stay in registers.
/// </summary>
/// <remarks>
/// <code>
///                     b, one panel row a step: [b0 b1 b2]
///   a, one number of each row a step    ×
///   [a0]                                  c00 c01 c02
///   [a1]                                  c10 c11 c12
///    …                                     …
/// </code>
/// Each element of the result is one chain: init, then for every step in order fused multiply-add of a's and b's number. Tile size,
/// blocking and register width therefore do not affect it. The compiler removes the code that a smaller tile does not need, because
/// <typeparamref name="TRows"/> and <typeparamref name="TColumns"/> are constants.
/// </remarks>
internal static unsafe class Tile<TFloats, TRows, TColumns>
    where TFloats : unmanaged, IFloats<TFloats>
    where TRows : struct, ICount
    where TColumns : struct, ICount
{
    /// <summary>c = init + a · b for one tile.</summary>
    /// <param name="steps">Terms of each sum.</param>
    /// <param name="a">The first row's first number.</param>
    /// <param name="aRow">The stride of a between rows.</param>
    /// <param name="aStep">The stride of a between steps.</param>
    /// <param name="b">The columns of the first step.</param>
    /// <param name="bStep">The stride of b between steps.</param>
    /// <param name="init">The initial values of the first row; may be c.</param>
    /// <param name="initRow">The row stride of init; 0 to use one row for all.</param>
    /// <param name="c">The first row of the result.</param>
    /// <param name="cRow">The row stride of c.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(nint steps, float* a, nint aRow, nint aStep, float* b, nint bStep, float* init, nint initRow, float* c,
        nint cRow)
    {
        int width = TFloats.Count;
        TFloats c00 = default, c01 = default, c02 = default;
        TFloats c10 = default, c11 = default, c12 = default;
        TFloats c20 = default, c21 = default, c22 = default;
        TFloats c30 = default, c31 = default, c32 = default;
        TFloats c40 = default, c41 = default, c42 = default;
        TFloats c50 = default, c51 = default, c52 = default;
        TFloats c60 = default, c61 = default, c62 = default;
        TFloats c70 = default, c71 = default, c72 = default;

        if (TRows.Value > 0)
            Begin(init, out c00, out c01, out c02);
        if (TRows.Value > 1)
            Begin(init + 1 * initRow, out c10, out c11, out c12);
        if (TRows.Value > 2)
            Begin(init + 2 * initRow, out c20, out c21, out c22);
        if (TRows.Value > 3)
            Begin(init + 3 * initRow, out c30, out c31, out c32);
        if (TRows.Value > 4)
            Begin(init + 4 * initRow, out c40, out c41, out c42);
        if (TRows.Value > 5)
            Begin(init + 5 * initRow, out c50, out c51, out c52);
        if (TRows.Value > 6)
            Begin(init + 6 * initRow, out c60, out c61, out c62);
        if (TRows.Value > 7)
            Begin(init + 7 * initRow, out c70, out c71, out c72);

        float* a3 = a + 3 * aRow, a6 = a + 6 * aRow;
        for (; steps > 0; steps--)
        {
            var b0 = TFloats.Load(b);
            var b1 = TColumns.Value > 1 ? TFloats.Load(b + width) : default;
            var b2 = TColumns.Value > 2 ? TFloats.Load(b + 2 * width) : default;
            if (TRows.Value > 0)
                Add(a[0], b0, b1, b2, ref c00, ref c01, ref c02);
            if (TRows.Value > 1)
                Add(a[aRow], b0, b1, b2, ref c10, ref c11, ref c12);
            if (TRows.Value > 2)
                Add(a[2 * aRow], b0, b1, b2, ref c20, ref c21, ref c22);
            if (TRows.Value > 3)
                Add(a3[0], b0, b1, b2, ref c30, ref c31, ref c32);
            if (TRows.Value > 4)
                Add(a3[aRow], b0, b1, b2, ref c40, ref c41, ref c42);
            if (TRows.Value > 5)
                Add(a3[2 * aRow], b0, b1, b2, ref c50, ref c51, ref c52);
            if (TRows.Value > 6)
                Add(a6[0], b0, b1, b2, ref c60, ref c61, ref c62);
            if (TRows.Value > 7)
                Add(a6[aRow], b0, b1, b2, ref c70, ref c71, ref c72);
            a += aStep;
            a3 += aStep;
            a6 += aStep;
            b += bStep;
        }

        if (TRows.Value > 0)
            End(c, c00, c01, c02);
        if (TRows.Value > 1)
            End(c + 1 * cRow, c10, c11, c12);
        if (TRows.Value > 2)
            End(c + 2 * cRow, c20, c21, c22);
        if (TRows.Value > 3)
            End(c + 3 * cRow, c30, c31, c32);
        if (TRows.Value > 4)
            End(c + 4 * cRow, c40, c41, c42);
        if (TRows.Value > 5)
            End(c + 5 * cRow, c50, c51, c52);
        if (TRows.Value > 6)
            End(c + 6 * cRow, c60, c61, c62);
        if (TRows.Value > 7)
            End(c + 7 * cRow, c70, c71, c72);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(float* init, out TFloats c0, out TFloats c1, out TFloats c2)
    {
        c0 = TFloats.Load(init);
        c1 = TColumns.Value > 1 ? TFloats.Load(init + TFloats.Count) : default;
        c2 = TColumns.Value > 2 ? TFloats.Load(init + 2 * TFloats.Count) : default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float a, TFloats b0, TFloats b1, TFloats b2, ref TFloats c0, ref TFloats c1, ref TFloats c2)
    {
        var x = TFloats.Of(a);
        c0 = TFloats.MultiplyAdd(x, b0, c0);
        if (TColumns.Value > 1)
            c1 = TFloats.MultiplyAdd(x, b1, c1);
        if (TColumns.Value > 2)
            c2 = TFloats.MultiplyAdd(x, b2, c2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End(float* c, TFloats c0, TFloats c1, TFloats c2)
    {
        TFloats.Store(c0, c);
        if (TColumns.Value > 1)
            TFloats.Store(c1, c + TFloats.Count);
        if (TColumns.Value > 2)
            TFloats.Store(c2, c + 2 * TFloats.Count);
    }
}
