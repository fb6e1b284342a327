using System.Buffers;
using System.Security.Cryptography;

namespace Orleans.Tbptt.Data.Files;

/// <summary>Hashes files from end to end in little memory.</summary>
internal static class FileHash
{
    private const int BlockBytes = 1 << 20;

    /// <summary>The bytes read, and their SHA-256 in lower-case hexadecimal digits.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many bytes are read at most, from its beginning on.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process has no permission to read it.</exception>
    public static (long Length, string Sha256) Of(string path, long most = long.MaxValue)
    {
        using var file =
            File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            long length = 0;
            for (int read; (read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, most - length)), length)) > 0;
                length += read)
                hash.AppendData(block.AsSpan(0, read));
            return (length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
