using Orleans.Tbptt.Grains.Transport.Tcp;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Counts what passes over the channels of a test's silos, and breaks them when the test says so.</summary>
internal sealed class WatchedChannels : IChannelSecurity
{
    private int _accepted;
    private long _bytes;

    /// <summary>Channels that stood.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Bytes that coordinators and silos have sent over them.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Every channel breaks after so many bytes of the silo's.</summary>
    public long BreaksAfter { get; set; } = long.MaxValue;

    /// <summary>Called before a coordinator writes.</summary>
    public Action? CoordinatorWrites { get; set; }

    /// <summary>Called before a coordinator reads.</summary>
    public Action? CoordinatorReads { get; set; }

    /// <summary>Called before a silo writes.</summary>
    public Action? SiloWrites { get; set; }

    public Stream Accept(Stream plain)
    {
        Interlocked.Increment(ref _accepted);
        return new Watched(this, plain, BreaksAfter, SiloWrites, null);
    }

    public Stream Open(Stream plain) => new Watched(this, plain, long.MaxValue, CoordinatorWrites, CoordinatorReads);

    private sealed class Watched(WatchedChannels all, Stream inner, long breaksAfter, Action? writes, Action? reads) : Stream
    {
        private long _written;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override bool CanTimeout => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int ReadTimeout
        {
            get => inner.ReadTimeout;
            set => inner.ReadTimeout = value;
        }

        public override int WriteTimeout
        {
            get => inner.WriteTimeout;
            set => inner.WriteTimeout = value;
        }

        public override int Read(Span<byte> buffer)
        {
            reads?.Invoke();
            return inner.Read(buffer);
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            writes?.Invoke();
            int left = (int)Math.Clamp(breaksAfter - _written, 0, buffer.Length);
            inner.Write(buffer[..left]);
            _written += left;
            Interlocked.Add(ref all._bytes, left);
            if (left < buffer.Length)
            {
                inner.Dispose();
                throw new IOException("cut");
            }
        }

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
