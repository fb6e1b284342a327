using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Safetensors;

/// <summary>
/// Reads and checks the header of a safetensors file: 8 bytes of its length, little-endian; that much JSON; then the tensors' bytes,
/// each byte belonging to exactly one of them.
/// </summary>
internal sealed class SafetensorsParser(SafeFileHandle file, string path)
{
    // The limit of the reference implementation.
    private const long LargestHeader = 100_000_000;

    private static readonly Dictionary<string, int> ElementSizes = new(StringComparer.Ordinal)
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["F8_E4M3"] = 1, ["F8_E5M2"] = 1, ["I16"] = 2, ["U16"] = 2, ["F16"] = 2, ["BF16"] = 2,
        ["I32"] = 4, ["U32"] = 4, [SafetensorsFile.DType] = 4, ["I64"] = 8, ["U64"] = 8, ["F64"] = 8,
    };

    private long _dataOffset;
    private long _dataLength;

    public SafetensorsHeader Read()
    {
        long length = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[8];
        if (length < prefix.Length)
            throw Damaged($"{length} bytes", "a safetensors file, which begins with its header's length in 8 bytes");
        InputFile.ReadExactly(file, path, 0, prefix);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerLength > (ulong)Math.Min(LargestHeader, length - prefix.Length))
            throw Damaged($"a header of {headerLength} bytes", $"at most {Math.Min(LargestHeader, length - prefix.Length)}");

        var header = new byte[headerLength];
        InputFile.ReadExactly(file, path, prefix.Length, header);
        _dataOffset = prefix.Length + header.Length;
        _dataLength = length - _dataOffset;
        return Parse(header);
    }

    private SafetensorsHeader Parse(byte[] header)
    {
        if (!Utf8.IsValid(header))
            throw Damaged("a header that is not UTF-8", "JSON in UTF-8");
        try
        {
            using JsonDocument json = JsonDocument.Parse(header, new() { MaxDepth = 8 });
            JsonElement root = Expect(json.RootElement, JsonValueKind.Object, "the header");
            var names = new HashSet<string>(StringComparer.Ordinal);
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            var tensors = new List<SafetensorsEntry>();
            foreach (JsonProperty property in root.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    throw Damaged($"{Wording.Quote(property.Name)} twice", "each name once");
                if (property.Name == SafetensorsFile.MetadataKey)
                    ReadMetadata(Expect(property.Value, JsonValueKind.Object, SafetensorsFile.MetadataKey), metadata);
                else
                    tensors.Add(ReadTensor(property.Name, property.Value));
            }

            return new(CheckCover(tensors), metadata);
        }
        catch (JsonException error)
        {
            // The parser's sentence speaks of its own settings; the place is what helps.
            throw Damaged(
                $"a header that is not JSON from its line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} on",
                "JSON, nested 8 deep at most, with dtype, shape and data_offsets of each tensor");
        }
        catch (InvalidOperationException)
        {
            // An element's kind is checked before it is read, so a text is left that is JSON, but not Unicode.
            throw Damaged("a header with a text that has half of a surrogate pair", "texts in Unicode");
        }
    }

    private void ReadMetadata(JsonElement element, Dictionary<string, string> metadata)
    {
        foreach (JsonProperty text in element.EnumerateObject())
        {
            string place = $"metadata {Wording.Quote(text.Name)}";
            if (!metadata.TryAdd(text.Name, Expect(text.Value, JsonValueKind.String, place).GetString()!))
                throw Damaged($"{place} twice", "each name once");
        }
    }

    private SafetensorsEntry ReadTensor(string name, JsonElement element)
    {
        string tensor = $"tensor {Wording.Quote(name)}";
        if (Expect(element, JsonValueKind.Object, tensor).EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal)
                is var keys
            && !keys.SequenceEqual(["data_offsets", "dtype", "shape"]))
            throw Damaged($"{string.Join(", ", keys.Select(Wording.Quote))} in {tensor}", "dtype, shape and data_offsets");
        string dtype = Expect(element.GetProperty("dtype"), JsonValueKind.String, $"dtype of {tensor}").GetString()!;
        if (!ElementSizes.TryGetValue(dtype, out int size))
            throw Damaged($"dtype {Wording.Quote(dtype)} in {tensor}", string.Join(", ", ElementSizes.Keys));
        long[] shape = ReadIntegers(element, "shape", tensor), offsets = ReadIntegers(element, "data_offsets", tensor);
        if (shape.Any(item => item is < 0 or > int.MaxValue) || shape.Length > 8)
            throw Damaged($"shape {Wording.Shape(shape)} in {tensor}", $"at most 8 sizes from 0 to {int.MaxValue}");
        if (offsets is not [var begin, var end] || begin < 0 || end < begin || end > _dataLength)
            throw Damaged($"data_offsets {Wording.Shape(offsets)} in {tensor}", $"begin and end within the {_dataLength} bytes of data");

        // The product of the sizes can exceed 128 bits, but no file is longer than 64 bits can express.
        Int128 bytes = size;
        foreach (long item in shape)
            bytes = item == 0 ? 0 : Int128.Min(bytes * item, long.MaxValue);
        return bytes == end - begin
            ? new(name, dtype, shape, _dataOffset + begin, end - begin)
            : throw Damaged($"{end - begin} bytes of {tensor}", $"{bytes} for {dtype} of shape {Wording.Shape(shape)}");
    }

    private long[] ReadIntegers(JsonElement tensor, string key, string name)
    {
        string place = $"{key} of {name}";
        return [.. Expect(tensor.GetProperty(key), JsonValueKind.Array, place).EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long integer) ? integer
            : throw Damaged($"{Wording.Quote(item.GetRawText())} in {place}", "integers"))];
    }

    private JsonElement Expect(JsonElement element, JsonValueKind kind, string place) => element.ValueKind == kind ? element
        : throw Damaged($"{Kind(element.ValueKind)} as {place}", Kind(kind));

    private static string Kind(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "a JSON object",
        JsonValueKind.Array => "a JSON array",
        JsonValueKind.String => "a JSON string",
        JsonValueKind.Number => "a JSON number",
        JsonValueKind.Null => "JSON's null",
        _ => "a JSON boolean",
    };

    private List<SafetensorsEntry> CheckCover(List<SafetensorsEntry> tensors)
    {
        List<SafetensorsEntry> ordered = [.. tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Bytes)];
        long next = _dataOffset;
        foreach (SafetensorsEntry tensor in ordered)
        {
            if (tensor.Offset != next)
            {
                throw Damaged(
                    $"{(tensor.Offset < next ? "an overlap" : "a gap")} before tensor {Wording.Quote(tensor.Name)} at byte {tensor.Offset}",
                    $"it to begin at byte {next}, where the one before it ends");
            }

            next += tensor.Bytes;
        }

        return next == _dataOffset + _dataLength
            ? ordered
            : throw Damaged($"{_dataOffset + _dataLength - next} bytes after the last tensor", "none");
    }

    private SafetensorsException Damaged(string found, string expected) => new(path, found, expected);
}
