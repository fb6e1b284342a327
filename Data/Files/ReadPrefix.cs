using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Orleans.Tbptt.Data.Files;

/// <summary>
/// What was read of a file that grows, so that it need not be read again: its running SHA-256, that of each block, and the number of its
/// lines.
/// <code>
/// | block | block | block | the last one, as far as it is read |     compared: in turn as many bytes as have come; the last one always
/// </code>
/// Where the beginning was rewritten by a program that writes the file anew, nearly always the end has moved, too.
/// </summary>
internal sealed class ReadPrefix
{
    /// <summary>Bytes of a block.</summary>
    internal const int BlockBytes = 1 << 20;

    private readonly IncrementalHash _all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _last = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<byte[]> _blocks = [];
    private int _next;

    /// <summary>Guards it, where several readers of a file have it in common.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Bytes that were read.</summary>
    public long Length { get; private set; }

    /// <summary>Lines that end in them.</summary>
    public long Lines { get; private set; }

    /// <summary>Their SHA-256 in lower-case hexadecimal digits.</summary>
    public string Sha256 => Convert.ToHexStringLower(_all.GetCurrentHash());

    /// <summary>Reads further; ends before <paramref name="end"/> where the file does.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Read(SafeFileHandle file, long end)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            while (Length < end)
            {
                // Whole blocks, so that each is hashed by itself.
                int most = (int)Math.Min(BlockBytes - (Length % BlockBytes), end - Length);
                int read = RandomAccess.Read(file, block.AsSpan(0, most), Length);
                if (read == 0)
                    return;
                Take(block.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>Whether some of what was read is other bytes in the file now.</summary>
    /// <param name="file">The file.</param>
    /// <param name="from">The first byte to compare; the block of the byte before it, too; those ahead are compared in turn, one call
    /// after the other.</param>
    /// <param name="bytes">How many bytes of those are compared at least.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool IsRewritten(SafeFileHandle file, long from, long bytes)
    {
        int first = (int)(Math.Max(0, from - 1) / BlockBytes);
        for (int block = first; block < _blocks.Count; block++)
        {
            if (!IsSame(file, block))
                return true;
        }

        if (Length % BlockBytes > 0 && !IsSame(file, _blocks.Count))
            return true;
        long turns = Math.Min(first, (bytes + BlockBytes - 1) / BlockBytes);
        for (; turns > 0; turns--)
        {
            _next = _next < first ? _next : 0;
            if (!IsSame(file, _next++))
                return true;
        }

        return false;
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        _all.AppendData(bytes);
        _last.AppendData(bytes);
        Lines += bytes.Count((byte)'\n');
        Length += bytes.Length;
        if (Length % BlockBytes == 0)
            _blocks.Add(_last.GetHashAndReset());
    }

    private bool IsSame(SafeFileHandle file, int block)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            int count = (int)Math.Min(BlockBytes, Length - ((long)block * BlockBytes)), read = 0;
            for (int more; read < count
                && (more = RandomAccess.Read(file, bytes.AsSpan(read, count - read), ((long)block * BlockBytes) + read)) > 0;)
                read += more;
            Span<byte> now = stackalloc byte[SHA256.HashSizeInBytes], then = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes.AsSpan(0, read), now);
            if (block < _blocks.Count)
                _blocks[block].CopyTo(then);
            else
                _last.GetCurrentHash(then);
            return now.SequenceEqual(then);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
