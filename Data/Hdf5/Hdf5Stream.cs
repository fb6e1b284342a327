using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>
/// A file as PureHDF reads its tables: small reads come from a block, and a damaged file ends in an exception. Tables that refer to each
/// other in a circle would otherwise overflow the stack or never end.
/// </summary>
/// <param name="file">The file; not owned.</param>
internal sealed class Hdf5Stream(SafeFileHandle file) : Stream
{
    private const int BlockBytes = 1 << 13;

    private readonly byte[] _block = new byte[BlockBytes];
    private readonly long _length = RandomAccess.GetLength(file);
    private long _blockAt;
    private int _inBlock;
    private long _readsLeft = 1_000_000;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => _length;

    public override long Position { get; set; }

    /// <summary>Allows as many reads as finding one more chunk can take: the nodes of a tree are read again for each.</summary>
    public void AllowOneMore() => _readsLeft += 20_000;

    public override int Read(Span<byte> buffer)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (--_readsLeft < 0)
            throw new InvalidDataException("its tables refer to each other in a circle");
        if (Position < 0 || Position > _length - buffer.Length)
            throw new EndOfStreamException($"a table at byte {Position} does not end within the file");
        if (Position < _blockAt || Position + buffer.Length > _blockAt + _inBlock)
        {
            if (buffer.Length > BlockBytes)
                return Advance(RandomAccess.Read(file, buffer, Position));
            _inBlock = RandomAccess.Read(file, _block, Position);
            _blockAt = Position;
        }

        int count = Math.Min(buffer.Length, _inBlock - (int)(Position - _blockAt));
        _block.AsSpan((int)(Position - _blockAt), count).CopyTo(buffer);
        return Advance(count);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => checked(Position + offset),
        _ => checked(_length + offset),
    };

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Advance(int count)
    {
        Position += count;
        return count;
    }
}
