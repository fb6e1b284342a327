using System.Buffers.Binary;
using System.Text.Json;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Data;

public sealed class SafetensorsFileTests : IDisposable
{
    private static readonly ParameterLayout Layout = ParameterLayout.Of(new()
    {
        Cell = new GruCell(), HiddenSize = 3, Layers = 2, OutputSize = 5, Embedding = new() { Vocabulary = 7, Size = 2 },
    });

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void File_HoldsTheSameBits_AfterWritingAndReading()
    {
        float[] values = [.. Enumerable.Range(0, Layout.Length).Select(i => i * 1e-3f)];
        (values[0], values[1], values[2]) = (-0f, float.Epsilon, float.MaxValue);
        string path = Write(values, new Dictionary<string, string> { ["z"] = "last", ["a"] = "ü \"first\"" });
        var read = new float[Layout.Length];
        SafetensorsHeader header = SafetensorsFile.ReadInto(path, Layout, read);
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), read.Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(Layout.Slots.Select(slot => slot.Name), header.Tensors.Select(tensor => tensor.Name));
        Assert.Equal("ü \"first\"", header.Metadata["a"]);
        Assert.Equal([7, 2], header.Tensors[0].Shape);
    }

    [Fact]
    public void File_IsAsTheFormatHasIt_ByteForByte()
    {
        byte[] bytes = File.ReadAllBytes(Write(new float[Layout.Length], new Dictionary<string, string> { ["format"] = "pt" }));
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal((byte)'{', bytes[8]);
        Assert.Equal(8 + length + (Layout.Length * 4), bytes.Length);
        using JsonDocument json = JsonDocument.Parse(bytes.AsMemory(8, length));
        JsonElement weight = json.RootElement.GetProperty("rnn.weight_ih_l0");
        Assert.Equal("""{"dtype":"F32","shape":[9,2],"data_offsets":[56,128]}""", weight.GetRawText());
        Assert.Equal("""{"format":"pt"}""", json.RootElement.GetProperty("__metadata__").GetRawText());
    }

    [Fact]
    public void File_HasEqualBytes_ForEqualArguments()
    {
        byte[] one = File.ReadAllBytes(Write(new float[Layout.Length], new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }));
        byte[] two = File.ReadAllBytes(Write(new float[Layout.Length], new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }));
        Assert.Equal(one, two);
    }

    [Fact]
    public void Tensors_AreFound_InAnyOrderOfTheFile()
    {
        string path =
            _directory.Write("x",
                DamagedFiles.Make(
                    """{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}}""", 1f,
                    2f));
        var values = new float[2];
        SafetensorsFile.ReadInto(path, [new("a", [1, 1], 0), new("b", [1], 1)], values);
        Assert.Equal([2f, 1], values);
    }

    [Fact]
    public void Tensors_AreNamed_ThatAreMissingTooManyOrMisshaped()
    {
        string path = _directory.Write("x", DamagedFiles.Make(
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c":{"dtype":"F64","shape":[],"data_offsets":[8,16]},"d":{"dtype":"F16","shape":[2],"data_offsets":[16,20]}}""",
            1f, 2, 3, 4, 5));
        float[] values = [9, 9, 9, 9];
        var error = Assert.Throws<SafetensorsException>(
            () => SafetensorsFile.ReadInto(path, [new("a", [1, 2], 0), new("b", [1], 2), new("c", [1], 3)], values));
        Assert.StartsWith($"{path}: found 'a', F32 of shape [2], expected 'a', F32 of shape [1, 2]", error.Message,
            StringComparison.Ordinal);
        Assert.Contains("found no tensor 'b'", error.Message, StringComparison.Ordinal);
        Assert.Contains("found 'c', F64 of shape [], expected 'c', F32 of shape [1]", error.Message, StringComparison.Ordinal);
        Assert.Contains("found 'd', F16 of shape [2], expected no tensor of that name", error.Message, StringComparison.Ordinal);
        Assert.Equal([9f, 9, 9, 9], values);
    }

    [Fact]
    public void Writing_IsRefused_WhenSlotsAndValuesDisagree()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(Stream.Null, Layout, new float[Layout.Length - 1]));
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(Stream.Null, [new("a", [1], 0), new("b", [1], 2)], new float[3]));
        Assert.Throws<ArgumentException>(() => SafetensorsFile.Write(Stream.Null, [new("a", [1], 0), new("a", [1], 1)], new float[2]));
    }

    private string Write(float[] values, Dictionary<string, string> metadata)
    {
        string path = _directory.File("model.safetensors");
        using FileStream stream = File.Create(path);
        SafetensorsFile.Write(stream, Layout, values, metadata);
        return path;
    }
}
