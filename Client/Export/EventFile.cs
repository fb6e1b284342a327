using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;

namespace Orleans.Tbptt.Client.Export;

/// <summary>
/// Writes TensorBoard's event file: records of a length, its checksum, a message <c>Event</c> (tensorflow/core/util/event.proto) and its
/// checksum. Checksums are CRC-32C, masked as in tensorflow/core/lib/hash/crc32c.h.
/// </summary>
internal sealed class EventFile : IDisposable
{
    /// <summary>The content of the first record, by which readers know the format.</summary>
    public const string Version = "brain.Event:2";

    private const uint MaskDelta = 0xa282ead8;

    // Fields of Event, Summary and Summary.Value.
    private const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5;
    private const int Value = 1;
    private const int Tag = 1, SimpleValue = 2;

    private readonly Stream _output;
    private readonly MemoryStream _event = new();
    private readonly MemoryStream _value = new();

    /// <summary>Writes the first record.</summary>
    /// <param name="output">Receives the file; owned.</param>
    /// <param name="start">When the run started.</param>
    public EventFile(Stream output, DateTimeOffset start)
    {
        _output = output;
        Write(start, message =>
        {
            message.WriteTag(FileVersion, WireFormat.WireType.LengthDelimited);
            message.WriteString(Version);
        });
    }

    /// <summary>Adds a number, which the format holds as float32.</summary>
    /// <param name="time">When it was measured.</param>
    /// <param name="step">The step.</param>
    /// <param name="tag">What it is; what is in front of a slash groups charts.</param>
    /// <param name="number">The number.</param>
    public void Add(DateTimeOffset time, long step, string tag, double number)
    {
        _value.SetLength(0);
        using (var value = new CodedOutputStream(_value, leaveOpen: true))
        {
            value.WriteTag(Tag, WireFormat.WireType.LengthDelimited);
            value.WriteString(tag);
            value.WriteTag(SimpleValue, WireFormat.WireType.Fixed32);
            value.WriteFloat((float)number);
        }

        int length = (int)_value.Length;
        Write(time, message =>
        {
            message.WriteTag(Step, WireFormat.WireType.Varint);
            message.WriteInt64(step);
            message.WriteTag(Summary, WireFormat.WireType.LengthDelimited);
            message.WriteLength(
                CodedOutputStream.ComputeTagSize(Value) + CodedOutputStream.ComputeLengthSize(length) + length);
            message.WriteTag(Value, WireFormat.WireType.LengthDelimited);
            message.WriteBytes(ByteString.CopyFrom(_value.GetBuffer().AsSpan(0, length)));
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();

    /// <summary>The checksum of a part of a record.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte one in bytes)
            crc = BitOperations.Crc32C(crc, one);
        return BitOperations.RotateRight(~crc, 15) + MaskDelta;
    }

    private void Write(DateTimeOffset time, Action<CodedOutputStream> content)
    {
        _event.SetLength(0);
        using (var message = new CodedOutputStream(_event, leaveOpen: true))
        {
            message.WriteTag(WallTime, WireFormat.WireType.Fixed64);
            message.WriteDouble((time - DateTimeOffset.UnixEpoch).TotalSeconds);
            content(message);
        }

        var bytes = _event.GetBuffer().AsSpan(0, (int)_event.Length);
        Span<byte> frame = stackalloc byte[sizeof(ulong) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, (ulong)bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[sizeof(ulong)..], MaskedCrc(frame[..sizeof(ulong)]));
        _output.Write(frame);
        _output.Write(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, MaskedCrc(bytes));
        _output.Write(frame[..sizeof(uint)]);
    }
}
