using System.Buffers;
using Apache.Arrow.Memory;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>A file asks for more memory than a reader that streams may take.</summary>
internal sealed class AllocationException(long bytes) : Exception($"{bytes} bytes")
{
    /// <summary>The bytes that it asks for.</summary>
    public long Bytes => bytes;
}

/// <summary>
/// Allocates the memory of one batch at a time, no more of it than a limit, whatever a file says of itself. The memory is the runtime's:
/// Arrow's own lies outside of it, and is not returned soon where reading ends in an error.
/// </summary>
internal sealed class BoundedAllocator : MemoryAllocator
{
    /// <summary>Bytes of the largest batch, packed and unpacked: 128 MiB.</summary>
    public const int Largest = 128 << 20;

    private long _allocated;

    /// <summary>Begins the next batch.</summary>
    public void Begin() => _allocated = 0;

    protected override IMemoryOwner<byte> AllocateInternal(int length, out int bytesAllocated)
    {
        _allocated += length;
        if (_allocated > Largest)
            throw new AllocationException(_allocated);
        bytesAllocated = length;
        return new Owner(new byte[length]);
    }

    private sealed class Owner(byte[] bytes) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = bytes;

        public void Dispose()
        {
        }
    }
}
