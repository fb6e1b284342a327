using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>A temporary file cannot be created or written.</summary>
internal sealed class TemporaryFileException(Exception cause) : Exception(cause.Message, cause);

/// <summary>
/// Rows of float32 with random access: written once from the first to the last, then read by any number of threads. Small tables stay in
/// memory; larger ones go to a temporary file, so that a table of any size takes the same memory.
/// </summary>
/// <param name="width">Values of a row.</param>
/// <param name="largestInMemory">Bytes up to which the table stays in memory.</param>
internal sealed class FloatTable(int width, long largestInMemory = FloatTable.DefaultLargestInMemory) : IDisposable
{
    /// <summary>The default limit of a table in memory: 16 MiB.</summary>
    public const long DefaultLargestInMemory = 16L << 20;

    private const int BlockValues = 1 << 16;

    // Blocks of complete rows, all full but the last: the table, or the part not yet written to the file. A single growing array would be
    // copied, and held twice meanwhile.
    private readonly List<float[]> _blocks = [];
    private readonly int _blockRows = Math.Max(1, BlockValues / width);
    private int _lastRows;
    private SafeFileHandle? _file;
    private string _path = "";
    private long _written;

    /// <summary>Values of a row.</summary>
    public int Width => width;

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Whether the table is in a file.</summary>
    public bool IsInFile => _file is not null;

    /// <summary>Appends a row.</summary>
    /// <exception cref="TemporaryFileException">The table has become large, and there is no room for it on disk.</exception>
    public void Add(ReadOnlySpan<float> row)
    {
        if (_blocks.Count == 0 || _lastRows == _blockRows)
            MakeRoom();
        row.CopyTo(_blocks[^1].AsSpan(_lastRows * width));
        _lastRows++;
        Rows++;
    }

    /// <summary>Completes the table; from here on it is read-only, and readers need no lock.</summary>
    public void Seal()
    {
        if (_file is null)
            return;
        Flush();
        _blocks.Clear();
    }

    /// <summary>Reads rows from <paramref name="row"/> on into <c>[n × Width]</c>.</summary>
    public void Read(long row, Span<float> destination)
    {
        if (_file is not null)
        {
            InputFile.ReadExactly(_file, _path, row * width * sizeof(float), MemoryMarshal.AsBytes(destination));
            return;
        }

        while (destination.Length > 0)
        {
            (long block, long inBlock) = Math.DivRem(row, _blockRows);
            int count = (int)Math.Min(_blockRows - inBlock, destination.Length / width);
            _blocks[(int)block].AsSpan((int)inBlock * width, count * width).CopyTo(destination);
            row += count;
            destination = destination[(count * width)..];
        }
    }

    /// <summary>Reads the rows block by block and passes each block to <paramref name="take"/>, with the number of its first row.</summary>
    public void Scan(long first, long count, Action<long, ReadOnlySpan<float>> take)
    {
        float[] block = ArrayPool<float>.Shared.Rent(_blockRows * width);
        try
        {
            for (long row = first; row < first + count; row += _blockRows)
            {
                Span<float> rows = block.AsSpan(0, (int)Math.Min(_blockRows, first + count - row) * width);
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

    private void MakeRoom()
    {
        if (_file is not null || (_blocks.Count + 1L) * _blockRows * width * sizeof(float) > largestInMemory)
            Flush();
        if (_file is null || _blocks.Count == 0)
            _blocks.Add(new float[_blockRows * width]);
        _lastRows = 0;
    }

    private SafeFileHandle CreateFile()
    {
        _path = Path.Combine(Path.GetTempPath(), $"tbptt-{Guid.NewGuid():N}.table");
        SafeFileHandle file = File.OpenHandle(
            _path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete,
            FileOptions.DeleteOnClose | FileOptions.RandomAccess);

        // Except on Windows, an open file needs no name; unlinked, it disappears even when the process is killed.
        if (!OperatingSystem.IsWindows())
            File.Delete(_path);
        return file;
    }

    // Writes every block and keeps one for reuse.
    private void Flush()
    {
        try
        {
            _file ??= CreateFile();
            for (int i = 0; i < _blocks.Count; i++)
            {
                int rows = i < _blocks.Count - 1 ? _blockRows : _lastRows;
                ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(_blocks[i].AsSpan(0, rows * width));
                RandomAccess.Write(_file, bytes, _written);
                _written += bytes.Length;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TemporaryFileException(error);
        }

        if (_blocks.Count > 1)
            _blocks.RemoveRange(1, _blocks.Count - 1);
        _lastRows = 0;
    }
}
