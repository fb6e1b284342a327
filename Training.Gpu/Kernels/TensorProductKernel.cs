using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// c = init + a · b by tensor cores: factors are rounded as they come into shared memory, sums are float32. A block computes 64 × 64 sums,
/// each of its four warps 32 × 32 of them, as 2 × 4 products of 16 × 8 sums. Parameters are those of <see cref="ProductKernel"/>; terms
/// that fill no product are zeros.
/// </summary>
internal static class TensorProductKernel
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 128;

    // Words of 32 bits along the terms that are in shared memory at once, and of one product: a word is a number of TF32, or two of
    // bfloat16, and then everything else is the same.
    private const int Words = 32, ProductWords = 8;

    // Rows and columns of a warp, and of a product; sums of a product are in two halves of rows.
    private const int WarpSide = 32, Rows = 16, Columns = 8, Half = 8;

    private const int RowProducts = WarpSide / Rows, ColumnProducts = WarpSide / Columns;

    /// <summary>Those of TF32.</summary>
    public static Products Tf32 { get; } = Make(PrecisionKind.Tf32, "tf32");

    /// <summary>Those of bfloat16.</summary>
    public static Products Bfloat16 { get; } = Make(PrecisionKind.Bfloat16, "bfloat16");

    private static Products Make(PrecisionKind precision, string word) => new(
        Make($"product_{word}_rows_rows", precision, aByTerm: true, bByTerm: true),
        Make($"product_{word}_rows_columns", precision, aByTerm: true, bByTerm: false),
        Make($"product_{word}_columns_columns", precision, aByTerm: false, bByTerm: false), Threads);

    private static KernelCode Make(string name, PrecisionKind precision, bool aByTerm, bool bByTerm) =>
        KernelBuilder.Build(name, Threads, k =>
        {
            var at = new ProductParameters(k);
            Factor left = new(k, precision, aByTerm), right = new(k, precision, bByTerm);
            Int thread = k.Thread, firstRow = k.BlockX * ProductKernel.Tile, firstColumn = k.BlockY * ProductKernel.Tile;
            Int warp = thread >> 5, group = (thread & 31) >> 2, place = thread & 3;
            Int warpRow = (warp & 1) << 5, warpColumn = (warp >> 1) << 5;
            Shared leftOwn = left.Of(warpRow + group, place), rightOwn = right.Of(warpColumn + group, place);
            Int row = firstRow + warpRow + group, column = firstColumn + warpColumn + (place << 1);
            var sums = new Operand[RowProducts, ColumnProducts];
            Each(sums, (i, j) => sums[i, j] = k.Registers(RegisterType.F32, Instruction.SumRegisters));
            EachSum(sums, row, column, (sum, y, x) =>
            {
                k.Assign(sum, (F32)0f);
                k.If(at.Init.Exists & (y < at.Rows) & (x < at.Columns), () => k.Assign(sum, at.Init[(y * at.InitRow) + x]));
            });
            Operand[] a = [.. Enumerable.Range(0, RowProducts).Select(_ => k.Registers(RegisterType.B32, Instruction.LeftRegisters))];
            var b = k.Registers(RegisterType.B32, Instruction.RightRegisters);
            k.For(0, at.Depth, left.Terms, first =>
            {
                left.Load(thread, first, at.Depth, firstRow, at.Rows, at.A);
                right.Load(thread, first, at.Depth, firstColumn, at.Columns, at.B);
                k.Barrier();
                for (int word = 0; word < Words; word += ProductWords)
                {
                    for (int i = 0; i < RowProducts; i++)
                        LoadLeft(a[i], i * Rows, word);
                    for (int j = 0; j < ColumnProducts; j++)
                    {
                        LoadRight(j * Columns, word);
                        for (int i = 0; i < RowProducts; i++)
                            k.Multiply(left.Product, sums[i, j], a[i], b);
                    }
                }

                k.Barrier();
            });
            EachSum(sums, row, column, (sum, y, x) =>
                k.If((y < at.Rows) & (x < at.Columns), () => at.C.Store((y * at.CRow) + x, new F32(sum))));

            void LoadLeft(Operand to, int line, int word)
            {
                for (int i = 0; i < Instruction.LeftRegisters; i++)
                    k.Load(to.Next(i), leftOwn, left.At(line + (i % 2 * Half), word + (i / 2 * ProductWords / 2)));
            }

            void LoadRight(int line, int word)
            {
                for (int i = 0; i < Instruction.RightRegisters; i++)
                    k.Load(b.Next(i), rightOwn, right.At(line, word + (i * ProductWords / 2)));
            }
        });

    private static void Each(Operand[,] sums, Action<int, int> action)
    {
        for (int i = 0; i < sums.GetLength(0); i++)
        {
            for (int j = 0; j < sums.GetLength(1); j++)
                action(i, j);
        }
    }

    /// <summary>Every sum of a thread with its row and its column.</summary>
    private static void EachSum(Operand[,] sums, Int row, Int column, Action<Operand, Int, Int> action) => Each(sums, (i, j) =>
    {
        for (int of = 0; of < Instruction.SumRegisters; of++)
            action(sums[i, j].Next(of), row + ((i * Rows) + (of / 2 * Half)), column + ((j * Columns) + (of % 2)));
    });

    /// <summary>
    /// A part of a factor in shared memory, as words along the terms of each line, which is a row of the left one or a column of the right
    /// one. Lines are as far apart as lets the threads of a warp neither store nor load two words of one bank at once.
    /// </summary>
    private sealed class Factor
    {
        private const int ByTermStride = Words + 4, ByLineStride = ProductKernel.Tile + 8;

        private readonly KernelBuilder _k;
        private readonly PrecisionKind _precision;
        private readonly bool _byTerm;
        private readonly Shared _shared;

        /// <param name="k">Takes its instructions.</param>
        /// <param name="precision">What it is rounded to.</param>
        /// <param name="byTerm">Whether terms lie next to each other in global memory; otherwise lines do.</param>
        public Factor(KernelBuilder k, PrecisionKind precision, bool byTerm)
        {
            (_k, _precision, _byTerm) = (k, precision, byTerm);
            _shared = k.Share(byTerm ? ProductKernel.Tile * ByTermStride : Words * ByLineStride);
        }

        private bool IsPair => _precision == PrecisionKind.Bfloat16;

        /// <summary>Terms that are there at once.</summary>
        public int Terms => IsPair ? 2 * Words : Words;

        /// <summary>What multiplies it.</summary>
        public Operation Product => IsPair ? Operation.ProductBfloat16 : Operation.ProductTf32;

        /// <summary>The words from one of a line on.</summary>
        public Shared Of(Int line, Int word) => _shared.At(Place(line, word));

        /// <summary>How much further on another line and word are.</summary>
        public int At(int lines, int words) => _byTerm ? (lines * ByTermStride) + words : (words * ByLineStride) + lines;

        /// <summary>Loads and rounds what follows.</summary>
        public void Load(Int thread, Int firstTerm, Int depth, Int first, Int end, Func<Int, Int, F32> read)
        {
            for (int part = 0; part < Words * ProductKernel.Tile / Threads; part++)
            {
                var at = thread + (part * Threads);
                Int word = _byTerm ? at & (Words - 1) : at >> 6, line = _byTerm ? at >> 5 : at & (ProductKernel.Tile - 1);
                _shared.Store(Place(line, word), IsPair
                    ? _k.Emit(
                        Operation.PackBfloat16, RegisterType.F32, RegisterType.B32, Read(line, (word << 1) + 1).Operand,
                        Read(line, word << 1).Operand)
                    : _k.Emit(Operation.RoundTf32, RegisterType.F32, RegisterType.B32, Read(line, word).Operand));
            }

            F32 Read(Int line, Int term)
            {
                var value = _k.Variable((F32)0f);
                _k.If((firstTerm + term < depth) & (first + line < end), () => _k.Assign(value, read(first + line, firstTerm + term)));
                return value;
            }
        }

        private Int Place(Int line, Int word) => _byTerm ? (line * ByTermStride) + word : (word * ByLineStride) + line;
    }
}
