using System.Buffers;
using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// Rows of float32 with random access, read by any number of threads once they are written. Small tables stay in memory; larger ones go to
/// a temporary file, so that a table of any size takes the same memory.
/// </summary>
internal sealed class FloatTable : IFloatRows, IDisposable
{
    /// <summary>The default limit of a table in memory: 16 MiB.</summary>
    public const long DefaultLargestInMemory = 16L << 20;

    private const int BlockValues = 1 << 16;

    private readonly long _largestInMemory;

    // What one thread appends, others must not look for before it is there: the file is set first.
    private volatile float[]? _memory;
    private volatile TemporaryFile? _file;

    /// <summary>Makes room for a table.</summary>
    /// <param name="width">Values of a row.</param>
    /// <param name="rows">How many rows it will have.</param>
    /// <param name="largestInMemory">Bytes up to which the table stays in memory.</param>
    /// <exception cref="TemporaryFileException">It is large, and no temporary file can be created.</exception>
    public FloatTable(int width, long rows, long largestInMemory = DefaultLargestInMemory)
    {
        (Width, Rows, _largestInMemory) = (width, rows, largestInMemory);
        if (rows * width * sizeof(float) <= largestInMemory)
            _memory = new float[rows * width];
        else
            _file = new();
    }

    /// <summary>Values of a row.</summary>
    public int Width { get; }

    /// <summary>How many rows.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether the table is in a file.</summary>
    public bool IsInFile => _file is not null;

    /// <summary>Writes consecutive values, from a column of a row on.</summary>
    /// <exception cref="TemporaryFileException">There is no room on disk.</exception>
    public void Write(long row, ReadOnlySpan<float> values, int column = 0)
    {
        long at = (row * Width) + column;
        if (_memory is { } memory)
            values.CopyTo(memory.AsSpan((int)at));
        else
            _file!.Write(at * sizeof(float), MemoryMarshal.AsBytes(values));
    }

    /// <summary>Appends rows, while other threads read those before them.</summary>
    /// <exception cref="TemporaryFileException">There is no room on disk.</exception>
    public void Append(ReadOnlySpan<float> rows)
    {
        long values = Rows * Width, all = values + rows.Length;
        if (_memory is { } memory && all * sizeof(float) > _largestInMemory)
        {
            var file = new TemporaryFile();
            file.Write(0, MemoryMarshal.AsBytes(memory.AsSpan(0, (int)values)));
            (_file, _memory) = (file, null);
        }
        else if (_memory is { } full && all > full.Length)
        {
            var larger = new float[Math.Max(all, Math.Min(2 * values, _largestInMemory / sizeof(float)))];
            full.AsSpan(0, (int)values).CopyTo(larger);
            _memory = larger;
        }

        Write(Rows, rows);
        Rows += rows.Length / Width;
    }

    /// <summary>Reads rows from <paramref name="row"/> on into <c>[n × Width]</c>.</summary>
    public void Read(long row, Span<float> destination)
    {
        if (_memory is { } memory)
            memory.AsSpan((int)(row * Width), destination.Length).CopyTo(destination);
        else
            _file!.Read(row * Width * sizeof(float), MemoryMarshal.AsBytes(destination));
    }

    /// <summary>Reads the rows block by block and passes each block to <paramref name="take"/>, with the number of its first row.</summary>
    public void Scan(long first, long count, Action<long, ReadOnlySpan<float>> take)
    {
        int most = Math.Max(1, BlockValues / Width);
        float[] block = ArrayPool<float>.Shared.Rent(most * Width);
        try
        {
            for (long row = first; row < first + count; row += most)
            {
                Span<float> rows = block.AsSpan(0, (int)Math.Min(most, first + count - row) * Width);
                Read(row, rows);
                take(row, rows);
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(block);
        }
    }

    public void Dispose() => _file?.Dispose();
}
