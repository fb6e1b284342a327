using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Data.Weights;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Fused.Cells;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Initial weights that PyTorch's <c>torch.save</c> wrote.</summary>
public sealed class StateDictTests(ITestOutputHelper output) : IDisposable
{
    private static readonly ModelSpec Model = new() { Cell = new LstmCell(), HiddenSize = 3, InputSize = 2, OutputSize = 1 };

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("state", null)]
    [InlineData("half", "F16 converted to float32")]
    [InlineData("bfloat16", "BF16 converted to float32")]
    [InlineData("views", null)]
    [InlineData("parameters", null)]
    public void StateDict_IsRead(string file, string? note)
    {
        string path = Write(file);
        float[] read = new float[ParameterLayout.Of(Model).Length];
        WeightFile.ReadInto(path, Model, read);

        Bits.Same([.. Enumerable.Range(0, read.Length).Select(i => (i / 64f) - 0.5f)], read);
        Assert.Equal(note, WeightFile.Match(path, Model).Note);
    }

    [Theory]
    [InlineData("transposed", "with 'rnn.weight_hh_l0', whose elements lie in another order: save it as contiguous() at ", true, "")]
    [InlineData("checkpoint", "with a checkpoint, of which 'model' is the state dict at ", true, "[\"model\"]")]
    [InlineData("module", "with an object of '__main__.M' instead of a state dict, such as a whole module, at ", false, ".state_dict()")]
    [InlineData("old", "of before 1.6 (torch.save) at ", true, "")]
    public void OtherFile_IsRefused_WithTheLinesThatConvertIt(string file, string found, bool weightsOnly, string part)
    {
        string path = Write(file), refusal = Refusal(path);
        Assert.StartsWith($"model.initFrom: found a PyTorch file {found}{path}, expected ", refusal, StringComparison.Ordinal);
        Assert.Contains(
            $"weights = torch.load(\"{path}\", map_location=\"cpu\", weights_only={weightsOnly}){part}; ", refusal,
            StringComparison.Ordinal);
        Assert.Contains("for k, v in weights.items() if hasattr(v, \"contiguous\")}", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"}X\1\0\0\0eK\3s.", "parts of which 'e' is no tensor, and none is a state dict")]
    [InlineData(@"cargparse\nNamespace\n)\x81.", "an object of 'argparse.Namespace' instead of a state dict, such as a whole module,")]
    [InlineData(@"cbuiltins\nbytearray\n)R.", "what 'builtins.bytearray' makes instead of a state dict")]
    [InlineData(@"K\1.", "something else than a state dict")]
    [InlineData(@"}L3L\n.", "an opcode 0x4C, which a state dict does not have, at byte 3 of data.pkl")]
    [InlineData(@"}\x8a\x09\0\0\0\0\0\0\0\0\1.", "a number of 9 bytes, more than 8, at byte 3 of data.pkl")]
    [InlineData(@"X\xff\xff\xff\xffa.", "the end at byte 2 of data.pkl")]
    [InlineData(@"}h\5.", "a value that is not there before, at byte 3 of data.pkl")]
    [InlineData(@"}(K\1u.", "entries of no dictionary at byte 6 of data.pkl")]
    [InlineData(@"}(s.", "too few values at byte 4 of data.pkl")]
    [InlineData(@"u.", "the end of values that have no beginning at byte 2 of data.pkl")]
    [InlineData(@"}X\1\0\0\0\xffK\1s.", "a text that is no UTF-8 at byte 3 of data.pkl")]
    [InlineData(@"ctorch._utils\n_rebuild_tensor_v2\n)R.", "a tensor of another release of PyTorch at byte 36 of data.pkl")]
    public void Pickle_IsRefused_WithItsPlace(string opcodes, string found)
    {
        string path = Pickle(opcodes), refusal = Refusal(path);
        Assert.StartsWith($"model.initFrom: found a PyTorch file with {found} at {path}, expected ", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void NegativesOfElements_AreRefused()
    {
        string tensor = @"ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
            + @"0X\3\0\0\0cpuK\1tQK\0K\1\x85K\1\x85\x89}";
        Assert.Contains("'w' without its elements", Refusal(Pickle(@"}X\1\0\0\0w" + tensor + "}tRs.")), StringComparison.Ordinal);
        string refusal = Refusal(Pickle(@"}X\1\0\0\0w" + tensor + @"}X\3\0\0\0neg\x88stRs."));
        Assert.Contains("'w', whose values are not its elements, such as their negatives", refusal, StringComparison.Ordinal);
        Assert.Contains("v.resolve_conj().resolve_neg().contiguous()", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('}')]
    [InlineData('(')]
    [InlineData('N')]
    public void Pickle_HasBounds(char opcode)
    {
        byte[] within = [.. Enumerable.Repeat((byte)opcode, 9), (byte)'N', (byte)'.'];
        Assert.Null(new StateDictPickle(within, mostValues: 10).Read());
        Assert.Equal("more than 9 values, as many as a state dict may have, at byte 9 of data.pkl",
            Assert.Throws<TorchFileException>(() => new StateDictPickle(within, mostValues: 9).Read()).Message);
    }

    [Fact]
    public void ValuesInEachOther_TakeNoStack()
    {
        byte[] deep = [(byte)')', .. Enumerable.Repeat((byte)0x85, 100_000), (byte)'.'];
        Assert.IsType<PickledTuple>(new StateDictPickle(deep).Read());
    }

    [Fact]
    public void DamagedElements_AreRefused_ByTheirChecksum()
    {
        byte[] bytes = TorchFiles.Unpack("state");
        int at = bytes.AsSpan().IndexOf([.. BitConverter.GetBytes((30 / 64f) - 0.5f), .. BitConverter.GetBytes((31 / 64f) - 0.5f)]);
        bytes[at] ^= 1;
        Assert.Contains(
            "'rnn.weight_hh_l0', whose elements have another checksum", Refusal(_directory.Write("w.pt", bytes)), StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedFile_IsReadOrRefused()
    {
        byte[] good = TorchFiles.Unpack("state");
        int seed = int.TryParse(Environment.GetEnvironmentVariable("TBPTT_FUZZ_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given : 20261128, read = 0;
        var random = new Random(seed);
        string path = _directory.File("w.pt");
        float[] weights = new float[ParameterLayout.Of(Model).Length];
        for (int i = 0; i < 5_000; i++)
        {
            byte[] damaged = FormatFuzzTests.Mutate(good, random);
            File.WriteAllBytes(path, damaged);
            try
            {
                WeightFile.ReadInto(path, Model, weights);
                read++;
            }
            catch (SpecException refused)
            {
                Assert.All(refused.Problems, problem => Assert.Equal("model.initFrom", problem.Key));
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, mutation {i}: {error}");
            }
        }

        output.WriteLine($"seed {seed}: {read} of 5,000 mutations read, the others refused");
    }

    private static string Refusal(string path) => Assert.Single(Assert.Throws<SpecException>(
        () => WeightFile.ReadInto(path, Model, new float[ParameterLayout.Of(Model).Length])).Problems).ToString();

    /// <summary>An archive of a pickle, in whose opcodes escapes of two digits after x, and of one without, are bytes.</summary>
    private string Pickle(string opcodes)
    {
        string text = Regex.Replace(opcodes, @"\\(x(?<two>..)|(?<one>\d)|n)", escape => escape.Value == @"\n" ? "\n"
            : $"{(char)Convert.ToByte(escape.Groups["two"].Success ? escape.Groups["two"].Value : escape.Groups["one"].Value, 16)}");
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        using (Stream entry = archive.CreateEntry("archive/data.pkl").Open())
            entry.Write([0x80, 2, .. Encoding.Latin1.GetBytes(text)]);
        return _directory.Write("pickle.pt", bytes.ToArray());
    }

    private string Write(string file) => _directory.Write($"{file}.pt", TorchFiles.Unpack(file));
}
