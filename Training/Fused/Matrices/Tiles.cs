using System.Runtime.Intrinsics;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>The tiles for this processor: its widest registers, and as many sums as fit into its registers.</summary>
internal static unsafe class Tiles
{
    /// <summary>Registers of columns of the widest tile.</summary>
    public const int Registers = 3;

    private static readonly delegate*<nint, float*, nint, nint, float*, nint, float*, nint, float*, nint, void>[] Table = Make();

    /// <summary>Rows of the tallest tile: 8 with 32 registers (AVX-512, ARM64), otherwise 4 with 16 registers.</summary>
    public static int Rows => Vector512.IsHardwareAccelerated || System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported ? 8 : 4;

    /// <summary>Columns of the widest tile.</summary>
    public static int Columns => Registers * Elementwise.Width;

    /// <summary>The tile with a number of rows and of column registers.</summary>
    public static delegate*<nint, float*, nint, nint, float*, nint, float*, nint, float*, nint, void> Of(int rows, int registers) =>
        Table[(rows - 1) * Registers + registers - 1];

    private static delegate*<nint, float*, nint, nint, float*, nint, float*, nint, float*, nint, void>[] Make() =>
        Vector512.IsHardwareAccelerated ? Make<Floats16>()
        : Vector256.IsHardwareAccelerated ? Make<Floats8>()
        : Vector128.IsHardwareAccelerated ? Make<Floats4>()
        : Make<Floats1>();

    private static delegate*<nint, float*, nint, nint, float*, nint, float*, nint, float*, nint, void>[] Make<T>() where T : unmanaged,
    IFloats<T> =>
    [
        &Tile<T, One, One>.Multiply, &Tile<T, One, Two>.Multiply, &Tile<T, One, Three>.Multiply,
        &Tile<T, Two, One>.Multiply, &Tile<T, Two, Two>.Multiply, &Tile<T, Two, Three>.Multiply,
        &Tile<T, Three, One>.Multiply, &Tile<T, Three, Two>.Multiply, &Tile<T, Three, Three>.Multiply,
        &Tile<T, Four, One>.Multiply, &Tile<T, Four, Two>.Multiply, &Tile<T, Four, Three>.Multiply,
        &Tile<T, Five, One>.Multiply, &Tile<T, Five, Two>.Multiply, &Tile<T, Five, Three>.Multiply,
        &Tile<T, Six, One>.Multiply, &Tile<T, Six, Two>.Multiply, &Tile<T, Six, Three>.Multiply,
        &Tile<T, Seven, One>.Multiply, &Tile<T, Seven, Two>.Multiply, &Tile<T, Seven, Three>.Multiply,
        &Tile<T, Eight, One>.Multiply, &Tile<T, Eight, Two>.Multiply, &Tile<T, Eight, Three>.Multiply,
    ];

    private readonly struct One : ICount
    {
        public static int Value => 1;
    }

    private readonly struct Two : ICount
    {
        public static int Value => 2;
    }

    private readonly struct Three : ICount
    {
        public static int Value => 3;
    }

    private readonly struct Four : ICount
    {
        public static int Value => 4;
    }

    private readonly struct Five : ICount
    {
        public static int Value => 5;
    }

    private readonly struct Six : ICount
    {
        public static int Value => 6;
    }

    private readonly struct Seven : ICount
    {
        public static int Value => 7;
    }

    private readonly struct Eight : ICount
    {
        public static int Value => 8;
    }
}
