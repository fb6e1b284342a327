using System.Security.Cryptography;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;
using Orleans.Tbptt.Training.Checkpoints;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

/// <summary>Damages the newest of two checkpoints: the one before is taken, and what is wrong is said.</summary>
public sealed class CheckpointDamageTests : IDisposable
{
    private static readonly string[] Files = ["model.safetensors", "optimizer.safetensors", "hidden.safetensors", "state.json"];

    private static readonly Dictionary<string, Action<string, string>> Damages = new()
    {
        ["cut by one byte"] = (path, _) => Change(path, bytes => bytes[..^1]),
        ["cut in half"] = (path, _) => Change(path, bytes => bytes[..(bytes.Length / 2)]),
        ["empty"] = (path, _) => Change(path, _ => []),
        ["one byte more"] = (path, _) => Change(path, bytes => [.. bytes, 0]),
        ["flipped bit at the start"] = (path, _) => Change(path, bytes => Flip(bytes, 0)),
        ["flipped bit in the header"] = (path, _) => Change(path, bytes => Flip(bytes, 30)),
        ["flipped bit in the middle"] = (path, _) => Change(path, bytes => Flip(bytes, bytes.Length / 2)),
        ["flipped bit at the end"] = (path, _) => Change(path, bytes => Flip(bytes, bytes.Length - 2)),
        ["zeros for its last page"] = (path, _) => Change(path, bytes => [.. bytes[..^200], .. new byte[200]]),
        ["gone"] = (path, _) => File.Delete(path),
        ["a directory"] = (path, _) =>
        {
            File.Delete(path);
            Directory.CreateDirectory(path);
        },
        ["that of the checkpoint before"] = (path, before) => File.Copy(before, path, overwrite: true),
    };

    private readonly CheckpointFixture _run = new();

    public CheckpointDamageTests()
    {
        _run.Write(1, 4);
        _run.Write(1, 8);
    }

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string file in Files)
            {
                foreach (string damage in Damages.Keys)
                    cases.Add(file, damage);
            }

            return cases;
        }
    }

    public void Dispose() => _run.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Damage_MakesItFallBack_AndIsReported(string file, string damage)
    {
        Damages[damage](Path.Combine(_run.DirectoryOf("1-8"), file), Path.Combine(_run.DirectoryOf("1-4"), file));

        var passedOver = Assert.Single(_run.AssertRestores("1-4", 4).PassedOver);

        Assert.Matches($"^checkpoint 1-8: {file.Replace(".", "\\.", StringComparison.Ordinal)}: found .+, expected .+$",
            passedOver.ToString());
    }

    [Fact]
    public void EveryBitOfTheState_IsCovered()
    {
        string path = Path.Combine(_run.DirectoryOf("1-8"), "state.json");
        byte[] whole = File.ReadAllBytes(path);
        for (int i = 0; i < whole.Length; i++)
            Assert.Null(SealedJson.Open(Flip([.. whole], i)));

        Assert.NotNull(SealedJson.Open(whole));
        Assert.Null(SealedJson.Open("{}"u8));
    }

    [Theory]
    [InlineData("no JSON", "state.json: found a document that cannot be read")]
    [InlineData("{\n}", "state.json: found a document that cannot be read")]
    [InlineData("{\n  \"run\": null\n}", "state.json: found a document that cannot be read")]
    public void StateThatWasSealedButIsNone_MakesItFallBack(string document, string problem)
    {
        File.WriteAllBytes(
            Path.Combine(_run.DirectoryOf("1-8"), "state.json"),
            SealedJson.Seal(document.Contains("\n}", StringComparison.Ordinal) ? document : document + "\n}"));

        Assert.StartsWith(problem, Assert.Single(_run.AssertRestores("1-4", 4).PassedOver).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckpointOfAnotherRun_MakesItFallBack()
    {
        Reseal(state => state with { Run = "other" });

        Assert.Equal(
            "checkpoint 1-8: state.json: found a checkpoint of run other, expected one of r",
            Assert.Single(_run.AssertRestores("1-4", 4).PassedOver).ToString());
    }

    [Fact]
    public void CheckpointUnderAnotherName_MakesItFallBack()
    {
        Directory.Move(_run.DirectoryOf("1-8"), _run.DirectoryOf("2-9"));

        Assert.Equal("checkpoint 2-9: state.json: found checkpoint 1-8, expected 2-9",
            Assert.Single(_run.AssertRestores("1-4", 4).PassedOver).ToString());
    }

    [Fact]
    public void CheckpointOfANewerGenerationThanItsName_MakesItFallBack()
    {
        Reseal(state => state with { Generation = 2 });

        Assert.Equal("state.json: found checkpoint 2-8, expected 1-8", Assert.Single(_run.AssertRestores("1-4", 4).PassedOver).Problem);
    }

    [Fact]
    public void CheckpointOfAnotherSpec_IsNotTaken()
    {
        var other = _run.Spec with { Seed = 99 };

        var restoration = _run.Store.RestoreNewest(Run, other);

        Assert.Null(restoration.Newest);
        Assert.Equal(2, restoration.PassedOver.Count);
        Assert.All(restoration.PassedOver, one => Assert.Equal(
            $"state.json: found a checkpoint of another spec ({SpecHash.Of(_run.Spec)[..12]}), expected one of this " +
            $"({SpecHash.Of(other)[..12]})", one.Problem));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("optimizer.safetensors")]
    [InlineData("hidden.safetensors")]
    public void FileThatTheStateDoesNotSeal_MakesItFallBack(string file)
    {
        Reseal(state => state with { Files = state.Files.Where(pair => pair.Key != file).ToDictionary() });

        Assert.Equal($"state.json: found no checksum of {file}, expected one",
            Assert.Single(_run.AssertRestores("1-4", 4).PassedOver).Problem);
    }

    [Fact]
    public void TensorsOfOtherShapes_MakeItFallBack_ThoughTheirChecksumIsRight()
    {
        string path = Path.Combine(_run.DirectoryOf("1-8"), "model.safetensors");
        var layout = ParameterLayout.Of(_run.Spec.Model with { HiddenSize = 13 });
        using (var stream = File.Create(path))
            SafetensorsFile.Write(stream, layout, new float[layout.Length]);
        byte[] content = File.ReadAllBytes(path);
        Reseal(state => state with
        {
            Files = new Dictionary<string, FileSeal>(state.Files)
            {
                ["model.safetensors"] = new(content.Length, Convert.ToHexStringLower(SHA256.HashData(content))),
            },
        });

        Assert.StartsWith(
            "model.safetensors: found 'rnn.weight_ih_l0', F32 of shape [52, 6], expected 'rnn.weight_ih_l0', F32 of shape [48, 6]",
            Assert.Single(_run.AssertRestores("1-4", 4).PassedOver).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void LeftoverOfAKilledProcess_IsNoCheckpoint_AndIsSweptAway()
    {
        Directory.Move(_run.DirectoryOf("1-8"), _run.DirectoryOf(".1-8.tmp"));
        Directory.CreateDirectory(_run.DirectoryOf(".1-2.removed"));
        Directory.CreateDirectory(_run.DirectoryOf(".2-9.tmp"));
        Directory.CreateDirectory(_run.DirectoryOf(".tmp"));

        Assert.Empty(_run.AssertRestores("1-4", 4).PassedOver);
        _run.Store.Sweep(Run, 2);

        Assert.Equal([".2-9.tmp", ".tmp", "1-4"], _run.Entries);
    }

    [Fact]
    public void WhenNoneIsWhole_NothingIsRestored_AndEachIsReported()
    {
        File.Delete(Path.Combine(_run.DirectoryOf("1-8"), "state.json"));
        Change(Path.Combine(_run.DirectoryOf("1-4"), "hidden.safetensors"), bytes => bytes[..^4]);

        var restoration = _run.Store.RestoreNewest(Run, _run.Spec);

        Assert.Equal((null, false), (restoration.Newest, restoration.NothingWasSaved));
        Assert.Equal(["1-8", "1-4"], restoration.PassedOver.Select(one => one.Name.ToString()));
    }

    private static void Change(string path, Func<byte[], byte[]> change) => File.WriteAllBytes(path, change(File.ReadAllBytes(path)));

    private static byte[] Flip(byte[] bytes, int index)
    {
        bytes[index] ^= 0x10;
        return bytes;
    }

    private void Reseal(Func<CheckpointState, CheckpointState> change)
    {
        string path = Path.Combine(_run.DirectoryOf("1-8"), "state.json");
        var state = RunJson.ReadCheckpoint(SealedJson.Open(File.ReadAllBytes(path))!);
        File.WriteAllBytes(path, SealedJson.Seal(RunJson.Write(change(state))));
    }
}
