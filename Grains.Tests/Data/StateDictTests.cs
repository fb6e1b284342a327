using System.Globalization;
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
    [InlineData("transposed", "with 'rnn.weight_hh_l0', whose elements lie in another order: save it as contiguous() at ")]
    [InlineData("checkpoint", "with parts of which 'epoch' is no tensor, such as a checkpoint with the optimizer's state at ")]
    [InlineData("module", "with something else than a state dict, such as a whole module at ")]
    [InlineData("old", "of before 1.6 (torch.save) at ")]
    public void OtherFile_IsRefused_WithTheLinesThatConvertIt(string file, string found)
    {
        string path = Write(file), refusal = Refusal(path);
        Assert.StartsWith($"model.initFrom: found a PyTorch file {found}{path}, expected ", refusal, StringComparison.Ordinal);
        Assert.Contains($"torch.load(\"{path}\", map_location=\"cpu\", weights_only=True)", refusal, StringComparison.Ordinal);
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

    private string Write(string file) => _directory.Write($"{file}.pt", TorchFiles.Unpack(file));
}
