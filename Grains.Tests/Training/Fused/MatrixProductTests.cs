using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// Products against their definition, one chain of fused multiply-adds an element, bit for bit: tiles, panels and blocks must leave no
/// trace.
/// </summary>
public sealed unsafe class MatrixProductTests
{
    // Around every edge there is: rows of a tile (4, 8), registers (4, 8, 16), panels (12, 24, 48), the panel's part of 192 or more steps.
    public static MatrixTheoryData<int, int, int> Sizes { get; } =
        new([1, 5, 8, 9, 17, 35], [1, 3, 16, 47, 48, 64, 80, 113], [1, 20, 191, 192, 193, 800]);

    // And around the left factor's part of 160 or 320 rows and more.
    [Theory, MemberData(nameof(Sizes))]
    [InlineData(159, 50, 200)]
    [InlineData(161, 50, 400)]
    [InlineData(331, 50, 400)]
    public void Product_IsOneChainOfFusedMultiplyAdds_AnElement(int rows, int columns, int depth)
    {
        var draws = new Draws(rows * 1_000_003 + columns * 1009 + depth);
        float[] a = draws.Floats(rows * depth), b = draws.Floats(depth * columns), init = draws.Floats(columns);
        float[] expected = new float[rows * columns];
        for (int m = 0; m < rows; m++)
        {
            for (int n = 0; n < columns; n++)
            {
                float sum = init[n];
                for (int k = 0; k < depth; k++)
                    sum = MathF.FusedMultiplyAdd(a[m * depth + k], b[k * columns + n], sum);
                expected[m * columns + n] = sum;
            }
        }

        Bits.Same(expected, Product(a, b, init, rows, columns, depth, transposedLeft: false, transposedRight: false));
        Bits.Same(expected,
            Product(Transposed(a, rows, depth), b, init, rows, columns, depth, transposedLeft: true, transposedRight: false));
        Bits.Same(expected,
            Product(a, Transposed(b, depth, columns), init, rows, columns, depth, transposedLeft: false, transposedRight: true));
    }

    [Fact]
    public void ChosenRows_AreTheRightFactor_InTheirOrder()
    {
        const int Rows = 3, Columns = 50, Depth = 7;
        var draws = new Draws(5);
        float[] a = draws.Floats(Rows * Depth), source = draws.Floats(9 * Columns), init = new float[Columns];
        int[] chosen = [8, 0, 3, 3, 1, 7, 2];
        float[] picked = [.. chosen.SelectMany(row => source.AsSpan(row * Columns, Columns).ToArray())];
        using var panels = new Panels();
        fixed (float* from = source)
            panels.Pack(Team.Alone, from, Columns, chosen, Columns);

        Bits.Same(Product(a, picked, init, Rows, Columns, Depth, transposedLeft: false, transposedRight: false),
            Product(a, panels, init, Rows, Columns, Depth));
    }

    private static float[] Product(float[] a, float[] b, float[] init, int rows, int columns, int depth, bool transposedLeft,
        bool transposedRight)
    {
        using var panels = new Panels();
        fixed (float* right = b)
        {
            if (transposedRight)
                panels.PackTransposed(Team.Alone, right, depth, depth, columns);
            else
                panels.Pack(Team.Alone, right, columns, depth, columns);
        }

        if (!transposedLeft)
            return Product(a, panels, init, rows, columns, depth);
        using var strips = new Strips();
        fixed (float* left = a)
            return Product(strips.Pack(Team.Alone, left, rows, rows, depth), panels, init, rows, columns);
    }

    private static float[] Product(float[] a, Panels panels, float[] init, int rows, int columns, int depth)
    {
        fixed (float* left = a)
            return Product(LeftFactor.Of(left, depth), panels, init, rows, columns);
    }

    private static float[] Product(LeftFactor left, Panels panels, float[] init, int rows, int columns)
    {
        using Rows begin = new(columns), result = new(columns);
        begin.Reserve(1);
        init.CopyTo(begin.Span(0));
        result.Reserve(rows);
        MatrixProduct.Multiply(left, panels, begin[0], 0, result[0], result.Stride, rows);
        return [.. Enumerable.Range(0, rows).SelectMany(row => result.Span(row).ToArray())];
    }

    private static float[] Transposed(float[] values, int rows, int columns) =>
        [.. from column in Enumerable.Range(0, columns) from row in Enumerable.Range(0, rows) select values[row * columns + column]];
}
