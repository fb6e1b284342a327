using System.Runtime.InteropServices;
using System.Text;
using Orleans.Tbptt.Data.Safetensors;

namespace Orleans.Tbptt.Tests.Data;

public sealed class SafetensorsDamageTests : IDisposable
{
    private const string A = """{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("""{"a":A""", "a header that is not JSON from its line 1, byte 54 on")]
    [InlineData("""{"a":{"dtype":[[[[[[[[8]]]]]]]]}}""", "a header that is not JSON from its line 1, byte 21 on")]
    [InlineData("""[1]""", "a JSON array as the header, expected a JSON object")]
    [InlineData("""{"a":A,"a":A}""", "'a' twice")]
    [InlineData("""{"__metadata__":{"x":"1","x":"2"},"a":A}""", "metadata 'x' twice")]
    [InlineData("""{"__metadata__":{"x":1},"a":A}""", "a JSON number as metadata 'x', expected a JSON string")]
    [InlineData("""{"__metadata__":[],"a":A}""", "a JSON array as __metadata__, expected a JSON object")]
    [InlineData("""{"a":7}""", "a JSON number as tensor 'a', expected a JSON object")]
    [InlineData("""{"a":null}""", "JSON's null as tensor 'a'")]
    [InlineData("""{"\ud800":A}""", "a header with a text that has half of a surrogate pair")]
    [InlineData("""{"a":{"dtype":true,"shape":[2],"data_offsets":[0,8]}}""", "a JSON boolean as dtype of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":{},"data_offsets":[0,8]}}""", "a JSON object as shape of tensor 'a', expected a JSON array")]
    [InlineData("""{"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}}""", "'\"2\"' in shape of tensor 'a', expected integers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,1e99]}}""", "'1e99' in data_offsets of tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "'dtype', 'shape' in tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", "dtype 'F31' in tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "shape [-2] in tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "'1.5' in shape of tensor 'a', expected integers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "8 bytes of tensor 'a', expected 12")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""",
        "8 bytes of tensor 'a', expected")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "data_offsets [8, 0] in tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "data_offsets [4, 12] in tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "a gap before tensor 'a'")]
    [InlineData("""{"a":A,"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "an overlap before tensor 'b'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "4 bytes after the last tensor")]
    [InlineData("""{}""", "8 bytes after the last tensor")]
    public void Header_IsRefused_WhenItIsDamaged(string json, string found) =>
        Refused(found, DamagedFiles.Make(json.Replace("A", A, StringComparison.Ordinal), 1, 2));

    [Fact]
    public void File_IsRefused_WhenItIsCutShortOrGrew()
    {
        byte[] whole = DamagedFiles.Make($$"""{"a":{{A}}}""", 1, 2);
        Refused("0 bytes", []);
        Refused("7 bytes", whole[..7]);
        Refused($"a header of {whole.Length - 16} bytes", whole[..40]);
        Refused("data_offsets [0, 8]", whole[..^1]);
        Refused("1 bytes after the last tensor", [.. whole, 0]);
        Refused("a header of 18446744073709551615 bytes", [.. Enumerable.Repeat((byte)255, 8), .. whole[8..]]);
        Refused("a header that is not UTF-8", [.. whole[..12], 0xff, .. whole[13..]]);
    }

    [Fact]
    public void File_IsNotFound_WhenThereIsNone() =>
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.ReadHeader(_directory.File("x")));

    private void Refused(string found, byte[] bytes)
    {
        string path = _directory.Write("x.safetensors", bytes);
        var error = Assert.Throws<SafetensorsException>(() => SafetensorsFile.ReadHeader(path));
        Assert.StartsWith($"{path}: found {found}", error.Message, StringComparison.Ordinal);
    }
}

/// <summary>Makes safetensors files of any header, sound or not.</summary>
internal static class DamagedFiles
{
    public static byte[] Make(string json, params ReadOnlySpan<float> data) =>
        [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(json)), .. Encoding.UTF8.GetBytes(json), .. MemoryMarshal.AsBytes(data)];
}
