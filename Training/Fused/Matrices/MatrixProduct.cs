namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>Products of matrices, every sum in the order of its terms.</summary>
internal static unsafe class MatrixProduct
{
    /// <summary>
    /// Numbers of a panel's part that is to stay in the second-level cache while all rows pass by: 144 KiB. It need not lie in the first-level cache, which it comes into
    /// in order; but the sums are read and written once for each part, and with short ones that takes longer.
    /// </summary>
    private const int PanelPart = 36 << 10;

    /// <summary>Numbers of the left factor that are to stay there, too, while all panels pass by: 240 KiB.</summary>
    private const int LeftPart = 60 << 10;

    /// <summary>c = init + a · b.</summary>
    /// <param name="a">The left factor.</param>
    /// <param name="b">The right factor, packed.</param>
    /// <param name="init">What each sum begins with, padded as c's rows are; may be c.</param>
    /// <param name="initRow">From row to row there; 0 where all rows begin alike.</param>
    /// <param name="c">The result, rows padded to whole registers.</param>
    /// <param name="cRow">From row to row there.</param>
    /// <param name="rows">Rows of a and of the result.</param>
    public static void Multiply(LeftFactor a, Panels b, float* init, nint initRow, float* c, nint cRow, int rows)
    {
        int part = PanelPart / Tiles.Columns;
        for (int first = 0; first < b.Depth; first += part)
        {
            // What has been summed so far lies in c, and the rest is added to it.
            int steps = Math.Min(part, b.Depth - first), block = Math.Max(1, LeftPart / steps / Tiles.Rows) * Tiles.Rows;
            for (int top = 0, bottom; top < rows; top = bottom)
            {
                bottom = Math.Min(top + block, rows);
                for (int column = 0, width; column < b.Columns; column += width)
                {
                    width = b.Width(column);
                    int registers = width / (Tiles.Columns / Tiles.Registers);
                    float* panel = b.At(column) + (long)first * width;
                    for (int row = top, height; row < bottom; row += height)
                    {
                        height = Height(bottom - row, a.Even);
                        Tiles.Of(height, registers)(
                            steps, (float*)a.Start + row * a.Block + first * a.Step, a.Row, a.Step, panel, init + row * initRow + column, initRow, c + row * cRow + column, cRow);
                    }
                }
            }

            init = c;
            initRow = cRow;
        }
    }

    /// <summary>The last two tiles share their rows evenly: a low one is slow.</summary>
    private static int Height(int left, bool even)
    {
        int most = Tiles.Rows;
        return left <= most ? left : !even || left >= 2 * most ? most : (left + 1) / 2;
    }
}
