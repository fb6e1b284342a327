using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Matrices;

/// <summary>
/// A matrix of contiguous rows, each padded to full registers. A product may write anything into the padding; its contents are undefined.
/// </summary>
internal sealed unsafe class Rows(int columns) : IDisposable
{
    private readonly NativeFloats _memory = new();
    private long _first;

    private Rows(Rows whole) : this(whole.Columns) => _memory = whole._memory;

    /// <summary>Numbers per row, without padding.</summary>
    public int Columns => columns;

    /// <summary>The row stride.</summary>
    public int Stride { get; } = Padded(columns);

    /// <summary>The length of a row of a number of elements, padded to full registers.</summary>
    public static int Padded(int columns) => (columns + Elementwise.Width - 1) / Elementwise.Width * Elementwise.Width;

    /// <summary>The first number of a row.</summary>
    public float* this[int row] => _memory.Start + (_first + row) * Stride;

    /// <summary>The same memory, to look at some of its rows as if they were all: <see cref="MoveTo"/>. It is not disposed of.</summary>
    public Rows View() => new(this);

    /// <summary>Lets row 0 of a view be another row of the memory.</summary>
    public void MoveTo(int row) => _first = row;

    /// <summary>Ensures room for a number of rows; when the memory grows, its contents are lost.</summary>
    public void Reserve(int rows) => _memory.Reserve((long)rows * Stride);

    /// <summary>Sets rows to zero.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="first">The first of them.</param>
    public void Clear(int rows, int first = 0) =>
        System.Runtime.InteropServices.NativeMemory.Clear(this[first], checked((nuint)rows * (nuint)Stride * sizeof(float)));

    /// <summary>A row's numbers.</summary>
    public Span<float> Span(int row) => new(this[row], columns);

    public void Dispose() => _memory.Dispose();
}
