using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Text;

/// <summary>The numbers of a text's tokens in a temporary file, 4 bytes each.</summary>
internal sealed class TokenFile : IDisposable
{
    private const int Block = 1 << 14;

    private readonly TemporaryFile _file = new();
    private readonly int[] _pending = new int[Block];
    private int _count;

    /// <summary>How many tokens.</summary>
    public long Length { get; private set; }

    /// <summary>The number to give in the place of each that is held; null for the same.</summary>
    public int[]? Map { get; set; }

    /// <summary>Adds one at the end.</summary>
    /// <exception cref="TemporaryFileException">There is no room.</exception>
    public void Add(int token)
    {
        _pending[_count++] = token;
        Length++;
        if (_count == Block)
            Flush();
    }

    /// <summary>Writes what was added; to be called before tokens are read.</summary>
    /// <exception cref="TemporaryFileException">There is no room.</exception>
    public void Flush()
    {
        _file.Write((Length - _count) * sizeof(int), MemoryMarshal.AsBytes(_pending.AsSpan(0, _count)));
        _count = 0;
    }

    /// <summary>Fills <paramref name="destination"/> from token <paramref name="position"/> on.</summary>
    public void Read(long position, Span<long> destination)
    {
        int[] rented = ArrayPool<int>.Shared.Rent(Math.Min(Block, Math.Max(1, destination.Length)));
        try
        {
            while (destination.Length > 0)
            {
                Span<int> block = rented.AsSpan(0, Math.Min(rented.Length, destination.Length));
                _file.Read(position * sizeof(int), MemoryMarshal.AsBytes(block));
                for (int i = 0; i < block.Length; i++)
                    destination[i] = Map is { } map ? map[block[i]] : block[i];
                position += block.Length;
                destination = destination[block.Length..];
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    public void Dispose() => _file.Dispose();
}
