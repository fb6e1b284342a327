using System.Security.Cryptography;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data.Files;

public sealed class FilesOfARunTests : IDisposable
{
    private static readonly DateTime LongAgo = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Files_AreEveryFileOfTheGlobInOrder_WithLengthAndHash()
    {
        _directory.Write("b.txt", "345");
        _directory.Write("a.txt", "012");
        _directory.Write("a/empty.txt", "");
        using PreparedRun run = PrepareBytes("**/*.txt");

        Assert.Equal([Expected("a.txt", "012"), Expected("a/empty.txt", ""), Expected("b.txt", "345")], run.Files);
    }

    [Fact]
    public void Files_AreEveryArray_AndTheInitialWeightsBehindThem()
    {
        byte[] inputs = NpyFiles.Of<float>("<f4", "2, 3, 1", 1, 2, 3, 4, 5, 6),
        targets = NpyFiles.Of<float>("<f4", "2, 3, 1", 1, 2, 3, 4, 5, 6);
        byte[] lengths = NpyFiles.Of<long>("<i8", "2,", 3, 2);
        DataSpec data =
            Given.Npy(_directory.Write("x.npy", inputs), _directory.Write("y.npy", targets), _directory.Write("n.npy", lengths));
        var model = new ModelSpec { Cell = new LstmCell(), HiddenSize = 2, InputSize = 1, OutputSize = 1 };
        ParameterLayout layout = ParameterLayout.Of(model);
        using (FileStream file = File.Create(_directory.File("w.safetensors")))
            SafetensorsFile.Write(file, layout, new float[layout.Length]);

        using PreparedRun run = PreparedRun.Prepare(Given.Spec(data, model with { InitFrom = _directory.File("w.safetensors") }));

        Assert.Equal(["x.npy", "y.npy", "n.npy", "w.safetensors"], run.Files.Select(file => Path.GetFileName(file.Path)));
        Assert.Equal(run.Files.Select(file => Hash(File.ReadAllBytes(file.Path))), run.Files.Select(file => file.Sha256));
        Assert.Equal(run.Files.Select(file => new FileInfo(file.Path).Length), run.Files.Select(file => file.Length));
    }

    [Fact]
    public void Files_AreNone_OfSyntheticData()
    {
        using PreparedRun run = PreparedRun.Prepare(Given.Spec(Given.Synthetic("sine")));

        Assert.Empty(run.Files);
        Assert.Null(run.FindChange());
    }

    [Fact]
    public void Files_AreNotRead_WhenNoFingerprintIsAskedFor()
    {
        DataSpec data = Given.Bytes(_directory.Write("a", "0123456789"));
        using PreparedRun run = PreparedRun.Prepare(BytesSpec(data), fingerprint: false);

        Assert.Empty(run.Files);
        Assert.Throws<InvalidOperationException>(run.FindChange);
    }

    [Fact]
    public void Hash_IsOfEveryByte_WhenAFileIsLongerThanABlock()
    {
        byte[] content = RandomNumberGenerator.GetBytes((3 << 20) + 17);
        DataSpec data = Given.Bytes(_directory.Write("a", content));
        using PreparedRun run = PreparedRun.Prepare(BytesSpec(data));

        Assert.Equal(new DataFile(data.Source.Paths[0], content.Length, Hash(content)), Assert.Single(run.Files));
    }

    [Fact]
    public void Change_IsNone_WhenAFileIsTouchedButEqual_AndIsStillFoundAfterwards()
    {
        string path = _directory.Write("a.txt", "0123456789");
        using PreparedRun run = PrepareBytes("*.txt");

        File.SetLastWriteTimeUtc(path, LongAgo);
        Assert.Null(run.FindChange());
        File.Copy(path, path + ".new");
        File.Move(path + ".new", path, overwrite: true);
        Assert.Null(run.FindChange());
        Assert.Null(run.FindChange());

        File.WriteAllText(path, "0123456780");
        Assert.Contains("has different content: 10 bytes with SHA-256", run.FindChange(), StringComparison.Ordinal);
    }

    [Fact]
    public void Change_IsFound_WhenLengthAndTimeAreThoseOfBefore()
    {
        string path = _directory.Write("a.txt", "0123456789");
        File.SetLastWriteTimeUtc(path, LongAgo);
        using PreparedRun run = PrepareBytes("*.txt");

        using (FileStream file = File.OpenWrite(path))
            file.WriteByte((byte)'x');
        File.SetLastWriteTimeUtc(path, LongAgo);

        string change = Assert.IsType<string>(run.FindChange());
        Assert.Contains($"'{path}' has different content", change, StringComparison.Ordinal);
        Assert.Contains(Hash("x123456789"u8)[..12], change, StringComparison.Ordinal);
        Assert.Contains(Hash("0123456789"u8)[..12], change, StringComparison.Ordinal);
        Assert.Contains("the data changed since the run began", change, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shorter", "has 4 bytes, expected 10")]
    [InlineData("longer", "has 14 bytes, expected 10")]
    [InlineData("gone", "is gone")]
    [InlineData("directory", "is no longer a file")]
    [InlineData("replaced", "has different content")]
    public void Change_IsFound_AndNamesTheFile(string how, string change)
    {
        _directory.Write("a.txt", "abc");
        string path = _directory.Write("b.txt", "0123456789");
        using PreparedRun run = PrepareBytes("*.txt");
        Assert.Null(run.FindChange());

        switch (how)
        {
            case "shorter":
                File.WriteAllText(path, "0123");
                break;
            case "longer":
                File.AppendAllText(path, "more");
                break;
            case "replaced":
                File.WriteAllText(path + ".new", "9876543210");
                File.Move(path + ".new", path, overwrite: true);
                break;
            default:
                File.Delete(path);
                if (how == "directory")
                    Directory.CreateDirectory(path);
                break;
        }

        Assert.StartsWith($"data file '{path}' {change}", run.FindChange(), StringComparison.Ordinal);
    }

    [Fact]
    public void Change_IsNone_WhenAChangedFileIsPutBack()
    {
        string path = _directory.Write("a.txt", "0123456789");
        using PreparedRun run = PrepareBytes("*.txt");

        File.WriteAllText(path, "other");
        Assert.NotNull(run.FindChange());
        File.WriteAllText(path, "0123456789");

        Assert.Null(run.FindChange());
    }

    [Fact]
    public async Task Change_IsFoundByEveryThread_ThatLooks()
    {
        string path = _directory.Write("a.txt", "0123456789");
        using PreparedRun run = PrepareBytes("*.txt");
        File.WriteAllText(path, "9876543210");

        string?[] changes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(run.FindChange)));

        Assert.All(changes, Assert.NotNull);
    }

    [Fact]
    public void ReadError_NamesTheFile_WhenItIsGone()
    {
        string[] paths = [.. Enumerable.Range(0, 40).Select(i => _directory.Write($"{i:d2}.txt", "0123456789"))];
        using PreparedRun run = PrepareBytes("*.txt");
        File.Delete(paths[33]);

        var error = Assert.ThrowsAny<IOException>(() => run.Data.Training.ReadInputs(new(0, 330, 1), new long[1]));

        Assert.Contains(paths[33], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Source_IsRefused_WhenItIsNoFileThatCanBeReadAgain()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev");
        const string Refused = "data.source: found '/dev/zero', a pipe, a socket or a device, expected a file, which can be read again";
        Assert.StartsWith(Refused, Given.Problem(Given.Csv("/dev/zero")), StringComparison.Ordinal);
        Assert.StartsWith(Refused, Given.Problem(Given.Bytes("/dev/zero")), StringComparison.Ordinal);
        Assert.All(Given.Problems(Given.Npy("/dev/zero", "/dev/zero")), problem =>
            Assert.StartsWith(Refused, problem.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Looking_IsCheap_WithTenThousandFiles()
    {
        for (int i = 0; i < 10_000; i++)
            _directory.Write($"{i % 100}/{i}.txt", "abcdefgh");
        long begun = System.Diagnostics.Stopwatch.GetTimestamp();
        using PreparedRun run = PrepareBytes("**/*.txt");
        TimeSpan opening = System.Diagnostics.Stopwatch.GetElapsedTime(begun);

        Assert.Null(run.FindChange());
        begun = System.Diagnostics.Stopwatch.GetTimestamp();
        Assert.Null(run.FindChange());
        TimeSpan look = System.Diagnostics.Stopwatch.GetElapsedTime(begun);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"10,000 files: opened and hashed in {opening.TotalMilliseconds:f0} ms, looked at in {look.TotalMilliseconds:f1} ms");
        Assert.Equal(10_000, run.Files.Count);
        Assert.InRange(look, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    private static RunSpec BytesSpec(DataSpec data) =>
        Given.Spec(data, new() { Cell = new LstmCell(), HiddenSize = 2, Embedding = new() { Size = 2 } }, new CrossEntropy());

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private PreparedRun PrepareBytes(string glob) => PreparedRun.Prepare(BytesSpec(Given.Bytes(_directory.File(glob))));

    private DataFile Expected(string name, string text) =>
        new(_directory.File(name), text.Length, Hash(System.Text.Encoding.UTF8.GetBytes(text)));
}
