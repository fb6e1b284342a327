using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>The bytes of an array with random access, read by any number of threads.</summary>
internal abstract class ArrayBytes : IDisposable
{
    /// <summary>How many.</summary>
    public abstract long Length { get; }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/> on.</summary>
    /// <exception cref="IOException">They end sooner.</exception>
    public abstract void Read(long offset, Span<byte> destination);

    public abstract void Dispose();
}

/// <summary>The bytes of a file.</summary>
internal sealed class FileBytes(SafeFileHandle file, string path) : ArrayBytes
{
    public override long Length { get; } = RandomAccess.GetLength(file);

    public override void Read(long offset, Span<byte> destination) => InputFile.ReadExactly(file, path, offset, destination);

    public override void Dispose() => file.Dispose();
}

/// <summary>
/// Bytes that were made from a file: unpacked, or put in another order. Few stay in memory; more go to a temporary file, so that an array
/// of any size takes the same memory.
/// </summary>
/// <param name="length">How many.</param>
/// <param name="largestInMemory">Up to how many stay in memory.</param>
/// <exception cref="TemporaryFileException">There are more, and no temporary file can be created.</exception>
internal sealed class ScratchBytes(long length, long largestInMemory = 16L << 20) : ArrayBytes
{
    private readonly byte[]? _memory = length <= largestInMemory ? new byte[length] : null;
    private readonly TemporaryFile? _file = length <= largestInMemory ? null : new();

    public override long Length => length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (_memory is not null)
            _memory.AsSpan((int)offset, destination.Length).CopyTo(destination);
        else
            _file!.Read(offset, destination);
    }

    /// <summary>Writes bytes, before anybody reads.</summary>
    /// <exception cref="TemporaryFileException">There is no room on disk.</exception>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (_memory is not null)
            bytes.CopyTo(_memory.AsSpan((int)offset));
        else
            _file!.Write(offset, bytes);
    }

    public override void Dispose() => _file?.Dispose();
}
