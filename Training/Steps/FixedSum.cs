using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// A sum in double precision whose order is fixed: element i goes to partial sum i mod 8, and the partial sums are added by the tree. The
/// same bits whatever the width of the machine's vectors, and in however many pieces the numbers come.
/// </summary>
internal struct FixedSum
{
    /// <summary>Every piece but the last has a multiple of so many numbers.</summary>
    public const int Width = 8;

    private Vector512<double> _sums;

    /// <summary>The sum so far; NaN or infinity when a piece holds one.</summary>
    public readonly double Value
    {
        get
        {
            Span<double> partial = stackalloc double[Width];
            _sums.CopyTo(partial);
            return ((partial[0] + partial[1]) + (partial[2] + partial[3])) + ((partial[4] + partial[5]) + (partial[6] + partial[7]));
        }
    }

    /// <summary>The sum of the numbers.</summary>
    public static double Of(ReadOnlySpan<float> numbers)
    {
        var sum = default(FixedSum);
        sum.Add<Plain>(numbers);
        return sum.Value;
    }

    /// <summary>The sum of the numbers' squares.</summary>
    public static double OfSquares(ReadOnlySpan<float> numbers)
    {
        var sum = default(FixedSum);
        sum.AddSquares(numbers);
        return sum.Value;
    }

    /// <summary>Adds the squares of the next piece.</summary>
    public void AddSquares(ReadOnlySpan<float> piece) => Add<Square>(piece);

    private void Add<TTerm>(ReadOnlySpan<float> piece) where TTerm : struct, ITerm
    {
        var sums = _sums;
        var blocks = MemoryMarshal.Cast<float, Vector256<float>>(piece);
        foreach (var block in blocks)
        {
            var (lower, upper) = Vector256.Widen(block);
            sums += TTerm.Of(Vector512.Create(lower, upper));
        }

        // The last elements go the same way, and zeros after them.
        var rest = piece[(blocks.Length * Width)..];
        if (!rest.IsEmpty)
        {
            Span<double> padded = stackalloc double[Width];
            padded.Clear();
            for (int i = 0; i < rest.Length; i++)
                padded[i] = rest[i];
            sums += TTerm.Of(Vector512.Create<double>(padded));
        }

        _sums = sums;
    }

    private interface ITerm
    {
        static abstract Vector512<double> Of(Vector512<double> numbers);
    }

    private readonly struct Plain : ITerm
    {
        public static Vector512<double> Of(Vector512<double> numbers) => numbers;
    }

    private readonly struct Square : ITerm
    {
        public static Vector512<double> Of(Vector512<double> numbers) => numbers * numbers;
    }
}
