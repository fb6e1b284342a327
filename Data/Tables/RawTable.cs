using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Data.Tables;

/// <summary>
/// The rows of a table as they were read, in float64, block by block: appended once, then read again in the same blocks. Small tables stay
/// in memory; larger ones go to a temporary file, so that a table of any size takes the same memory.
/// </summary>
/// <param name="largestInMemory">Bytes up to which the table stays in memory.</param>
internal sealed class RawTable(long largestInMemory = RawTable.DefaultLargestInMemory) : IDisposable
{
    /// <summary>The default limit of a table in memory: 16 MiB.</summary>
    public const long DefaultLargestInMemory = 16L << 20;

    private readonly List<double[]> _blocks = [];
    private readonly List<int> _rows = [];
    private TemporaryFile? _file;

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>How many blocks there are.</summary>
    public int Blocks => _rows.Count;

    /// <summary>Rows of a block.</summary>
    public int RowsOf(int index) => _rows[index];

    /// <summary>Appends the rows of a block; all blocks of a table have the same capacity.</summary>
    /// <exception cref="TemporaryFileException">The table has become large, and there is no room for it on disk.</exception>
    public void Add(TableBlock block)
    {
        ReadOnlySpan<double> cells = block.All;
        long bytes = (long)cells.Length * sizeof(double);
        if (_file is null && (Blocks + 1) * bytes > largestInMemory)
            Spill(bytes);
        if (_file is null)
            _blocks.Add(cells.ToArray());
        else
            _file.Write(Blocks * bytes, MemoryMarshal.AsBytes(cells));
        _rows.Add(block.Rows);
        Rows += block.Rows;
    }

    /// <summary>Puts other cells in the place of a block's.</summary>
    public void Replace(int index, TableBlock block)
    {
        if (_file is null)
            block.All.CopyTo(_blocks[index]);
        else
            _file.Write((long)index * block.All.Length * sizeof(double), MemoryMarshal.AsBytes(block.All));
    }

    /// <summary>Reads a block into <paramref name="block"/>, less its places.</summary>
    public void Read(int index, TableBlock block)
    {
        if (_file is null)
            _blocks[index].CopyTo(block.All);
        else
            _file.Read((long)index * block.All.Length * sizeof(double), MemoryMarshal.AsBytes(block.All));
        block.Rows = _rows[index];
    }

    public void Dispose() => _file?.Dispose();

    private void Spill(long bytes)
    {
        _file = new();
        for (int i = 0; i < _blocks.Count; i++)
            _file.Write(i * bytes, MemoryMarshal.AsBytes<double>(_blocks[i]));
        _blocks.Clear();
    }
}
