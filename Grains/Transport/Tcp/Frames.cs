using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>What a frame of a connection holds.</summary>
internal enum FrameKind
{
    /// <summary>A <see cref="ChunkRequest"/>, as Orleans writes it.</summary>
    Request = 1,

    /// <summary>A <see cref="ChunkReply"/>, as Orleans writes it.</summary>
    Reply = 2,

    /// <summary>A bucket of parameters, raw.</summary>
    Parameters = 3,

    /// <summary>A bucket of the sum of one node, raw.</summary>
    Sum = 4,
}

/// <summary>What stands before each frame's content, little-endian as all machines that .NET runs libtorch on.</summary>
/// <param name="Kind">What follows.</param>
/// <param name="Bytes">How many bytes of it.</param>
/// <param name="Bucket">Which bucket, of parameters and sums.</param>
/// <param name="Node">Which of the silo's nodes, of sums.</param>
/// <param name="Length">How many parameters the model has, of parameters and sums.</param>
/// <param name="Generation">The coordinator's generation, of parameters.</param>
/// <param name="Step">Committed steps that led to them, of parameters.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct FrameHeader(
    FrameKind Kind, int Bytes, int Bucket = 0, int Node = 0, int Length = 0, int Generation = 0, long Step = 0);

/// <summary>Reads and writes the frames of a connection, and blocks while it does: one thread may read and one write.</summary>
internal sealed class FrameStream(Stream stream) : IDisposable
{
    /// <summary>
    /// Numbers that are narrowed or widened at once: so few that they stay in a core's own cache between that and the system's call.
    /// </summary>
    private const int Piece = 1 << 15;

    private static readonly int HeaderBytes = Unsafe.SizeOf<FrameHeader>();
    private readonly ArrayBufferWriter<byte> _out = new();
    private byte[] _in = [];
    private readonly ushort[] _halvesIn = new ushort[Piece];
    private readonly ushort[] _halvesOut = new ushort[Piece];

    /// <summary>Is notified of frames of numbers; null where nobody counts.</summary>
    public IBufferTraffic? Traffic { get; set; }

    /// <summary>The connection.</summary>
    public Stream Connection => stream;

    /// <summary>How many bytes so many numbers take.</summary>
    public static int BytesOf(int count, bool isNarrow) => count * (isNarrow ? sizeof(ushort) : sizeof(float));

    /// <summary>
    /// Makes a frame whose content is serialized, to be written to the <see cref="Connection"/> before the next one is made.
    /// </summary>
    /// <param name="kind">What it is.</param>
    /// <param name="serializer">Turns the content into bytes.</param>
    /// <param name="content">The content.</param>
    public ReadOnlySpan<byte> Encode<T>(FrameKind kind, Serialization.Serializer<T> serializer, T content)
    {
        _out.ResetWrittenCount();
        _out.GetSpan(HeaderBytes);
        _out.Advance(HeaderBytes);
        serializer.Serialize(content, _out);
        var header = new FrameHeader(kind, _out.WrittenCount - HeaderBytes);

        // One piece: a header that is written apart is a packet more, and wakes the reader for nothing.
        var frame = MemoryMarshal.AsMemory(_out.WrittenMemory).Span;
        MemoryMarshal.Write(frame, header);
        return frame;
    }

    /// <summary>Writes a frame of numbers.</summary>
    /// <param name="header">Says how many bytes they take.</param>
    /// <param name="values">The numbers; rounded to bfloat16's where they take two bytes each.</param>
    public void Write(FrameHeader header, ReadOnlySpan<float> values)
    {
        Traffic?.OnSent(header.Bytes);
        stream.Write(MemoryMarshal.AsBytes(new Span<FrameHeader>(ref header)));
        if (header.Bytes == BytesOf(values.Length, isNarrow: false))
        {
            stream.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        for (int at = 0; at < values.Length; at += Piece)
        {
            var piece = values[at..Math.Min(at + Piece, values.Length)];
            var halves = _halvesOut.AsSpan(0, piece.Length);
            Bfloat16.Narrow(piece, halves);
            stream.Write(MemoryMarshal.AsBytes(halves));
        }
    }

    /// <summary>Reads the next header.</summary>
    /// <returns>False where the peer has closed the connection between two frames.</returns>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public bool TryRead(out FrameHeader header)
    {
        header = default;
        var bytes = MemoryMarshal.AsBytes(new Span<FrameHeader>(ref header));
        int first = stream.Read(bytes);
        if (first == 0)
            return false;
        stream.ReadExactly(bytes[first..]);
        return header is { Kind: >= FrameKind.Request and <= FrameKind.Sum, Bytes: >= 0 and <= MessageLimits.LargestBody }
            ? true
            : throw new InvalidDataException($"found {header}, expected the header of a frame");
    }

    /// <summary>Reads a frame's serialized content. What is returned holds until the next call.</summary>
    public ReadOnlyMemory<byte> ReadBytes(FrameHeader header)
    {
        if (_in.Length < header.Bytes)
            _in = GC.AllocateUninitializedArray<byte>(header.Bytes);
        stream.ReadExactly(_in, 0, header.Bytes);
        return _in.AsMemory(0, header.Bytes);
    }

    /// <summary>Reads a frame of numbers to where they belong.</summary>
    /// <returns>Whether they are bfloat16's.</returns>
    /// <exception cref="InvalidDataException">They are more or fewer than fit.</exception>
    public bool ReadFloats(FrameHeader header, Span<float> values)
    {
        Traffic?.OnReceived(header.Bytes);
        if (header.Bytes == BytesOf(values.Length, isNarrow: false))
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(values));
            return false;
        }

        if (header.Bytes != BytesOf(values.Length, isNarrow: true))
            throw new InvalidDataException($"found {header}, expected {values.Length} numbers");
        for (int at = 0; at < values.Length; at += Piece)
        {
            var piece = values[at..Math.Min(at + Piece, values.Length)];
            var halves = _halvesIn.AsSpan(0, piece.Length);
            stream.ReadExactly(MemoryMarshal.AsBytes(halves));
            Bfloat16.Widen(halves, piece);
        }

        return true;
    }

    public void Dispose() => stream.Dispose();
}
