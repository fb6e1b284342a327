using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.WireProtocol;

namespace Orleans.Tbptt.Messages;

/// <summary>Writes a <see cref="GradientBuffer"/> as a count and its raw little-endian bytes; within a silo hands over the same object.</summary>
[RegisterSerializer, RegisterCopier]
public sealed class GradientBufferCodec : IFieldCodec<GradientBuffer>, IDeepCopier<GradientBuffer>
{
    /// <inheritdoc/>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, GradientBuffer? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
            return;

        // A null is a reference and has been written.
        var bytes = MemoryMarshal.AsBytes(value!.Span);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(GradientBuffer), WireType.LengthPrefixed);
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
        if (bytes % sizeof(float) != 0 || bytes > left)
            throw new InvalidDataException($"a gradient buffer says it has {bytes} bytes, {left} are left of the message");
        var buffer = GradientBuffer.Rent((int)(bytes / sizeof(float)));
        reader.ReadBytes(MemoryMarshal.AsBytes(buffer.Span));
        ReferenceCodec.RecordObject(reader.Session, buffer);
        return buffer;
    }

    /// <inheritdoc/>
    public GradientBuffer? DeepCopy(GradientBuffer? input, CopyContext context) => input;
}
