using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>
/// A matrix of rows one after another, each padded to whole registers: a product may write the padding (with zeros or rubbish), nothing reads meaning into it.
/// </summary>
internal sealed unsafe class Rows(int columns) : IDisposable
{
    private readonly NativeFloats _memory = new();

    /// <summary>Numbers of a row that mean something.</summary>
    public int Columns => columns;

    /// <summary>From a row to the next.</summary>
    public int Stride { get; } = Padded(columns);

    /// <summary>A row of so many numbers, padded to whole registers.</summary>
    public static int Padded(int columns) => (columns + Elementwise.Width - 1) / Elementwise.Width * Elementwise.Width;

    /// <summary>The first number of a row.</summary>
    public float* this[int row] => _memory.Start + (long)row * Stride;

    /// <summary>Makes room for so many rows; where it grows, what was there is lost.</summary>
    public void Reserve(int rows) => _memory.Reserve((long)rows * Stride);

    /// <summary>Sets rows to zero.</summary>
    public void Clear(int first, int rows) =>
        System.Runtime.InteropServices.NativeMemory.Clear(this[first], checked((nuint)rows * (nuint)Stride * sizeof(float)));

    /// <summary>A row's numbers.</summary>
    public Span<float> Span(int row) => new(this[row], columns);

    public void Dispose() => _memory.Dispose();
}
