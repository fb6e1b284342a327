using System.Buffers;
using System.Collections.Concurrent;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>
/// Where sockets read to and write from: pinned blocks, used over and over. A socket reads at most one block at a time, so that with
/// Orleans' own blocks of 4 KiB a bucket of 1 MiB takes 256 rounds of two system calls and a hop each.
/// </summary>
internal sealed class WireMemory(int blockBytes) : MemoryPool<byte>
{
    /// <summary>What is kept at most; more than that, as behind a peer that does not read, is left to the collector.</summary>
    private const int MostKeptBytes = 64 << 20;

    private readonly ConcurrentQueue<Block> _free = new();
    private int _kept;

    /// <inheritdoc/>
    public override int MaxBufferSize => blockBytes;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, blockBytes);
        if (!_free.TryDequeue(out var block))
            return new Block(this, GC.AllocateUninitializedArray<byte>(blockBytes, pinned: true));
        Interlocked.Add(ref _kept, -blockBytes);
        block.Take();
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _free.Clear();

    private void GiveBack(Block block)
    {
        if (Interlocked.Add(ref _kept, blockBytes) <= MostKeptBytes)
            _free.Enqueue(block);
        else
            Interlocked.Add(ref _kept, -blockBytes);
    }

    private sealed class Block(WireMemory pool, byte[] bytes) : IMemoryOwner<byte>
    {
        private int _isFree;

        public Memory<byte> Memory => bytes;

        public void Take() => Volatile.Write(ref _isFree, 0);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFree, 1) == 0)
                pool.GiveBack(this);
        }
    }
}
