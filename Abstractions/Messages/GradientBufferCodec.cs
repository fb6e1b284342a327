using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Messages;

/// <summary>
/// Writes a <see cref="GradientBuffer"/> as a count and its raw little-endian bytes; within a silo hands over the same object.
/// </summary>
/// <remarks>A buffer of bfloat16's has two bytes a number, and one of padding: an odd count shows it.</remarks>
/// <param name="traffic">Is notified of every buffer; null where nobody counts.</param>
[RegisterSerializer, RegisterCopier]
public sealed class GradientBufferCodec(IBufferTraffic? traffic = null) : IFieldCodec<GradientBuffer>, IDeepCopier<GradientBuffer>
{
    /// <inheritdoc/>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, GradientBuffer? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
            return;

        // A null is a reference and has been written.
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(GradientBuffer), WireType.LengthPrefixed);
        traffic?.OnSent(BytesOf(value!));
        if (value.IsNarrow)
        {
            writer.WriteVarUInt32((uint)value.Length * sizeof(ushort) + 1);
            WriteHalves(ref writer, value.Span);
            writer.WriteByte(0);
            return;
        }

        var bytes = MemoryMarshal.AsBytes(value.Span);
        writer.WriteVarUInt32((uint)bytes.Length);
        writer.Write(bytes);
    }

    /// <inheritdoc/>
    public GradientBuffer? ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.WireType == WireType.Reference)
            return ReferenceCodec.ReadReference<GradientBuffer, TInput>(ref reader, field);
        field.EnsureWireType(WireType.LengthPrefixed);
        uint bytes = reader.ReadVarUInt32();
        long left = reader.Length - reader.Position;
        if (bytes % sizeof(float) == 2 || bytes > left)
            throw new InvalidDataException($"a gradient buffer says it has {bytes} bytes, {left} are left of the message");
        bool isNarrow = bytes % 2 == 1;
        var buffer = GradientBuffer.Rent((int)(bytes / (isNarrow ? sizeof(ushort) : sizeof(float))), isNarrow);
        if (isNarrow)
        {
            // Into the memory's last half, and from there over all of it: what is widened lies behind what is still to be.
            var halves = MemoryMarshal.Cast<float, ushort>(buffer.Span)[buffer.Length..];
            reader.ReadBytes(MemoryMarshal.AsBytes(halves));
            reader.ReadByte();
            Bfloat16.Widen(halves, buffer.Span);
        }
        else
        {
            reader.ReadBytes(MemoryMarshal.AsBytes(buffer.Span));
        }

        traffic?.OnReceived(BytesOf(buffer));
        ReferenceCodec.RecordObject(reader.Session, buffer);
        return buffer;
    }

    private static long BytesOf(GradientBuffer buffer) => (long)buffer.Length * (buffer.IsNarrow ? sizeof(ushort) : sizeof(float));

    private static void WriteHalves<TBufferWriter>(ref Writer<TBufferWriter> writer, ReadOnlySpan<float> values)
        where TBufferWriter : IBufferWriter<byte>
    {
        Span<ushort> halves = stackalloc ushort[1024];
        for (int at = 0; at < values.Length; at += halves.Length)
        {
            var piece = values.Slice(at, Math.Min(halves.Length, values.Length - at));
            Bfloat16.Narrow(piece, halves);
            writer.Write(MemoryMarshal.AsBytes(halves[..piece.Length]));
        }
    }

    /// <inheritdoc/>
    public GradientBuffer? DeepCopy(GradientBuffer? input, CopyContext context) => input;
}
