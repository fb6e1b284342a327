using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Safetensors;

/// <summary>
/// Reads and writes float32 tensors in the safetensors format, which Python's <c>safetensors</c> loads. In memory the tensors form one flat
/// buffer, described by <see cref="ParameterSlot"/>s.
/// </summary>
public static class SafetensorsFile
{
    /// <summary>The format's name of float32, little-endian.</summary>
    public const string DType = "F32";

    internal const string MetadataKey = "__metadata__";

    private const int BlockBytes = 1 << 20;

    /// <summary>Reads and checks the header, and checks that the tensors cover the rest of the file without gaps or overlaps.</summary>
    /// <exception cref="SafetensorsException">The file is not a complete safetensors file.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static SafetensorsHeader ReadHeader(string path)
    {
        using SafeFileHandle file = Open(path);
        return new SafetensorsParser(file, path).Read();
    }

    /// <summary>Reads the parameters of a model into <paramref name="destination"/> <c>[layout.Length]</c>.</summary>
    /// <inheritdoc cref="ReadInto(string, IReadOnlyList{ParameterSlot}, Span{float})"/>
    public static SafetensorsHeader ReadInto(string path, ParameterLayout layout, Span<float> destination) =>
        ReadInto(path, layout.Slots, destination);

    /// <summary>
    /// Reads tensors into their places in <paramref name="destination"/>, which is not changed unless the file is complete and holds
    /// exactly those tensors, as float32 of those shapes.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="slots">The tensors, one after another.</param>
    /// <param name="destination">As many elements as the slots have.</param>
    /// <returns>The file's header, for its metadata.</returns>
    /// <exception cref="SafetensorsException">The file is not a complete safetensors file, or holds other tensors; names each of
    /// them.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    public static SafetensorsHeader ReadInto(string path, IReadOnlyList<ParameterSlot> slots, Span<float> destination)
    {
        CheckSlots(slots, destination.Length);
        using SafeFileHandle file = Open(path);
        SafetensorsHeader header = new SafetensorsParser(file, path).Read();
        if (header.Compare(slots) is [var first, ..] mismatches)
        {
            throw new SafetensorsException(
                path, first.Found, $"{first.Expected}{string.Concat(mismatches.Skip(1).Select(mismatch => $"; {mismatch}"))}");
        }

        Dictionary<string, SafetensorsEntry> tensors = header.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (ParameterSlot slot in slots)
            InputFile.ReadExactly(file, path, tensors[slot.Name].Offset,
                MemoryMarshal.AsBytes(destination.Slice(slot.Offset, slot.Length)));
        return header;
    }

    /// <summary>Writes the parameters of a model.</summary>
    /// <inheritdoc cref="Write(Stream, IReadOnlyList{ParameterSlot}, ReadOnlySpan{float}, IReadOnlyDictionary{string, string}?)"/>
    public static void Write(
        Stream stream, ParameterLayout layout, ReadOnlySpan<float> values, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(stream, layout.Slots, values, metadata);

    /// <summary>Writes tensors in the order of their slots. Equal arguments give equal bytes.</summary>
    /// <param name="stream">The destination; neither flushed nor closed.</param>
    /// <param name="slots">The tensors, one after another.</param>
    /// <param name="values">As many elements as the slots have.</param>
    /// <param name="metadata">Metadata, written in ordinal order of their names; null for none.</param>
    /// <exception cref="ArgumentException">The slots do not lie one after another, share a name, or do not fit the values.</exception>
    public static void Write(
        Stream stream, IReadOnlyList<ParameterSlot> slots, ReadOnlySpan<float> values, IReadOnlyDictionary<string, string>? metadata = null)
    {
        CheckSlots(slots, values.Length);
        ReadOnlyMemory<byte> header = WriteHeader(slots, metadata);
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        stream.Write(prefix);
        stream.Write(header.Span);
        for (ReadOnlySpan<byte> rest = MemoryMarshal.AsBytes(values); rest.Length > 0; rest = rest[Math.Min(BlockBytes, rest.Length)..])
            stream.Write(rest[..Math.Min(BlockBytes, rest.Length)]);
    }

    private static ReadOnlyMemory<byte> WriteHeader(IReadOnlyList<ParameterSlot> slots, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(MetadataKey);
                foreach ((string name, string text) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(name, text);
                json.WriteEndObject();
            }

            foreach (ParameterSlot slot in slots)
                WriteTensor(json, slot);
            json.WriteEndObject();
        }

        // Padded with spaces to a multiple of 8, so that tensors are aligned for readers that map the file into memory.
        int padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenMemory;
    }

    private static void WriteTensor(Utf8JsonWriter json, ParameterSlot slot)
    {
        json.WriteStartObject(slot.Name);
        json.WriteString("dtype", DType);
        json.WriteStartArray("shape");
        foreach (int size in slot.Shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue((long)slot.Offset * sizeof(float));
        json.WriteNumberValue(((long)slot.Offset + slot.Length) * sizeof(float));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void CheckSlots(IReadOnlyList<ParameterSlot> slots, int elements)
    {
        int next = 0;
        foreach (ParameterSlot slot in slots)
        {
            if (slot.Offset != next)
                throw new ArgumentException($"'{slot.Name}' begins at {slot.Offset}, not at {next}", nameof(slots));
            next += slot.Length;
        }

        if (next != elements)
            throw new ArgumentException($"the slots have {next} elements, the buffer {elements}", nameof(slots));
        if (slots.Select(slot => slot.Name).Distinct(StringComparer.Ordinal).Count() != slots.Count)
            throw new ArgumentException("two slots have the same name", nameof(slots));
    }

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
}
