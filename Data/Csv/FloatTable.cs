using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Rows of float32 with random access: written once from the first to the last, then read by any number of threads. Small tables stay in
/// memory; larger ones go to a temporary file, so that a table of any size takes the same memory.
/// </summary>
/// <param name="width">Values of a row.</param>
/// <param name="largestInMemory">Bytes up to which the table stays in memory.</param>
internal sealed class FloatTable(int width, long largestInMemory = FloatTable.DefaultLargestInMemory) : IDisposable
{
    /// <summary>What a table may take of memory unless said otherwise: 16 MiB.</summary>
    public const long DefaultLargestInMemory = 16L << 20;

    private const int WriteBuffer = 1 << 16;

    private float[] _buffer = new float[Math.Max(1024, width)];
    private int _buffered;
    private SafeFileHandle? _file;
    private string _path = "";
    private long _written;

    /// <summary>Values of a row.</summary>
    public int Width => width;

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether the table went to a file.</summary>
    public bool IsInFile => _file is not null;

    /// <summary>Appends a row.</summary>
    /// <exception cref="IOException">The temporary file cannot be written.</exception>
    public void Add(ReadOnlySpan<float> row)
    {
        if (row.Length > _buffer.Length - _buffered)
            MakeRoom();
        row.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += row.Length;
        Rows++;
    }

    /// <summary>Ends the writing; from here on the table is read only, and its readers need no lock.</summary>
    public void Seal()
    {
        if (_file is null)
            return;
        Flush();
        _buffer = [];
    }

    /// <summary>Reads whole rows from <paramref name="row"/> on into <c>[n × Width]</c>.</summary>
    public void Read(long row, Span<float> destination)
    {
        if (_file is null)
            _buffer.AsSpan((int)(row * width), destination.Length).CopyTo(destination);
        else
            InputFile.ReadExactly(_file, _path, row * width * sizeof(float), MemoryMarshal.AsBytes(destination));
    }

    /// <summary>Reads rows block by block and hands each to <paramref name="take"/>, with the number of its first row.</summary>
    public void Scan(long first, long count, Action<long, ReadOnlySpan<float>> take)
    {
        int most = Math.Max(1, WriteBuffer / width);
        float[] block = ArrayPool<float>.Shared.Rent(most * width);
        for (long row = first; row < first + count; row += most)
        {
            Span<float> rows = block.AsSpan(0, (int)Math.Min(most, first + count - row) * width);
            Read(row, rows);
            take(row, rows);
        }

        ArrayPool<float>.Shared.Return(block);
    }

    public void Dispose() => _file?.Dispose();

    private void MakeRoom()
    {
        if (_file is null && 2L * _buffer.Length * sizeof(float) <= largestInMemory)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
            return;
        }

        bool first = _file is null;
        _file ??= CreateFile();
        Flush();
        if (first)
            _buffer = new float[Math.Max(WriteBuffer, width)];
    }

    private SafeFileHandle CreateFile()
    {
        _path = Path.Combine(Path.GetTempPath(), $"tbptt-{Guid.NewGuid():N}.table");
        SafeFileHandle file = File.OpenHandle(
            _path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete,
            FileOptions.DeleteOnClose | FileOptions.RandomAccess);

        // Elsewhere than on Windows an open file needs no name. Without one it goes even when the process is killed.
        if (!OperatingSystem.IsWindows())
            File.Delete(_path);
        return file;
    }

    private void Flush()
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(_buffer.AsSpan(0, _buffered));
        RandomAccess.Write(_file!, bytes, _written);
        _written += bytes.Length;
        _buffered = 0;
    }
}
