using System.Text.Json.Nodes;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Client;

/// <summary><c>tbptt verify</c>, on runs that grains have trained.</summary>
[Slow]
public sealed class VerifyTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 4) with
    {
        Engine = new FusedEngine(),
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
        Checkpoint = new() { EverySteps = 7, EverySeconds = 0, KeepLast = 9, KeepBest = 0 },
    };

    private readonly TemporaryDirectory _directory = new();
    private readonly ScriptedConsole _console = new();

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("every step")]
    [InlineData("the best epoch")]
    [InlineData("rounds")]
    [InlineData("without hashes")]
    public async Task Run_IsEqual_FromItsBeginning_AndFromACheckpoint(string recipe)
    {
        var spec = recipe switch
        {
            "the best epoch" => Spec with
            {
                Train = Spec.Train with { Output = OutputKind.Best }, Checkpoint = Spec.Checkpoint with { KeepBest = 1 },
            },
            "rounds" => Spec.InRounds(3),
            "without hashes" => Spec with { Metrics = new() { StateHash = false } },
            _ => Spec,
        };
        var run = await Train(spec);
        long last = run.Status.Step;
        long hashes = recipe == "without hashes" ? 0 : run.Events.OfType<StepCommitted>().Count(step => step.StateHash is not null);

        var whole = await Verify(0, run.Directory.Path);

        Assert.Equal((0, last, last, hashes), (Of<long>(whole, "from"), Of<long>(whole, "to"), Of<long>(whole, "compared"),
            Of<long>(whole, "hashes")));
        Assert.Equal(RunModelFile.HashOf(run.Directory.Model), Of<string>(whole, "modelSha256"));
        if (recipe != "without hashes")
            Assert.Equal(run.Status.StateHash?.ToString(), Of<string>(whole, "stateHash"));
        if (recipe == "rounds")
            return;

        var part = await Verify(0, run.Directory.Path, "--from", "7", "--to", "10");

        Assert.Equal((7, 10, 3), (Of<long>(part, "from"), Of<long>(part, "to"), Of<long>(part, "compared")));
        Assert.EndsWith("-7", Of<string>(part, "checkpoint"), StringComparison.Ordinal);
        Assert.Null(part["modelSha256"]);
    }

    [Fact]
    public async Task CopyOfARun_InWhichAnythingWasChanged_IsNotEqual_AtThatStep()
    {
        var run = await Train(Spec);
        string copy = Copy(run.Directory.Path, "copy");
        Assert.True((await Verify(0, copy))["equal"]!.GetValue<bool>());

        string metrics = Path.Combine(copy, "metrics.jsonl");
        string[] lines = File.ReadAllLines(metrics);
        int at = Array.FindIndex(lines, line => RunJson.ReadEvent(line) is StepCommitted { Step: 9 });
        var step = (StepCommitted)RunJson.ReadEvent(lines[at]);
        File.WriteAllLines(metrics, lines.Select((line, i) =>
            i == at ? RunJson.Write(step with { StateHash = new(step.StateHash!.Value.Value ^ 1) }) : line));
        AssertDiffers(await Verify(ExitCode.Unequal, copy), 9, "the hash of the state");

        File.WriteAllLines(metrics, lines.Select((line, i) =>
            i == at ? RunJson.Write(step with { Loss = Math.BitIncrement(step.Loss) }) : line));
        AssertDiffers(await Verify(ExitCode.Unequal, copy), 9, "the loss");

        File.WriteAllLines(metrics, lines);
        string status = Path.Combine(copy, "status.json"), ended = File.ReadAllText(status);
        File.WriteAllText(status, ended.Replace($"{run.Status.StateHash}", "00000000000000ff", StringComparison.Ordinal));
        AssertDiffers(await Verify(ExitCode.Unequal, copy), run.Status.Step, "the hash of the state at the end");

        File.WriteAllText(status, ended);
        string model = Path.Combine(copy, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(model);
        bytes[^1] ^= 1;
        File.WriteAllBytes(model, bytes);
        AssertDiffers(await Verify(ExitCode.Unequal, copy), run.Status.Step, "the SHA-256 of model.safetensors");
    }

    /// <summary>A run that a limit stops leaves a model, which lies there when the run is stopped later, too.</summary>
    [Theory]
    [InlineData("last")]
    [InlineData("average")]
    public async Task ModelOfAStoppedRun_IsCompared_WhereItIsOfTheLastStep(string recipe)
    {
        var spec = Spec with { Limits = new() { Steps = 5 } };
        if (recipe == "average")
            spec = spec with { Train = spec.Train with { Ema = new() } };
        var run = await Train(spec);
        Assert.Equal((RunState.Stopped, 5), (run.Status.State, run.Status.Step));

        var stopped = await Verify(0, run.Directory.Path);
        Assert.Equal((RunModelFile.HashOf(run.Directory.Model), null), (Of<string>(stopped, "modelSha256"), stopped["uncompared"]));

        string copy = Copy(run.Directory.Path, recipe), model = Path.Combine(copy, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(model);
        File.WriteAllBytes(model, [.. bytes[..^1], (byte)(bytes[^1] ^ 1)]);
        AssertDiffers(await Verify(ExitCode.Unequal, copy), 5, "the SHA-256 of model.safetensors");
        File.WriteAllBytes(model, bytes[..9]);
        AssertDiffers(await Verify(ExitCode.Unequal, copy), 5, "the SHA-256 of model.safetensors");

        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 7));
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Status.Id);
        Assert.Equal("", (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current, Sets: ["limits="]))).Problem);
        await halt.Reached;
        var stopping = coordinator.StopRun("enough");
        await coordinator.GetStatus();
        halt.Continue();
        await stopping;

        var later = await Verify(0, run.Directory.Path);
        Assert.Equal((7, null), (Of<long>(later, "to"), later["modelSha256"]));
        Assert.Equal("model.safetensors is of step 5, not of the last one, and was not compared", Of<string>(later, "uncompared"));
        Assert.Equal(0, await _console.RunAsync("verify", run.Directory.Path));
        Assert.EndsWith(
            "; model.safetensors is of step 5, not of the last one, and was not compared\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StepsThatAreInNoJournal_AreCounted_AndNothingMoreIsClaimed()
    {
        var run = await Train(Spec);
        string copy = Copy(run.Directory.Path, "gaps"), metrics = Path.Combine(copy, "metrics.jsonl");
        File.WriteAllLines(metrics, [.. File.ReadAllLines(metrics).Where(line =>
            RunJson.ReadEvent(line) is not StepCommitted { Step: 8 or 9 })]);

        var (whole, part) = (await Verify(0, copy), await Verify(0, copy, "--to", "9"));

        Assert.Equal((2, true), (Of<long>(whole, "missing"), Of<bool>(whole, "endHashed")));
        Assert.Equal((2, false), (Of<long>(part, "missing"), Of<bool>(part, "endHashed")));
        Assert.Equal(0, await _console.RunAsync("verify", copy, "--to", "9"));
        Assert.EndsWith("equal      in all that the run has published of these steps; 2 steps of them are in no journal; nothing says what "
            + "the state after step 9 has to be\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Package_IsEqual_UntilItSaysSomethingElse()
    {
        var run = await Train(Spec);
        string package = Copy(run.Directory.Package, "package");

        Assert.Equal(run.Status.StateHash?.ToString(), Of<string>(await Verify(0, package), "stateHash"));

        string config = Path.Combine(package, ModelPackage.ConfigFile);
        string text = File.ReadAllText(config);
        File.WriteAllText(config, text.Replace($"{run.Status.StateHash}", "00000000000000ff", StringComparison.Ordinal));
        AssertDiffers(await Verify(ExitCode.Unequal, package), run.Status.Step, "the hash of the last state");
    }

    [Fact]
    public async Task Statement_IsOfTheModelThatWasComputed_AndOfNoOther()
    {
        var run = await Train(Spec);
        string copy = Copy(run.Directory.Path, "swapped"), statement = _directory.File("no.intoto.json");
        var other = await Train(Spec with { Seed = 2 });
        string[] sign = ["--statement", statement, "--key", _directory.File("one.pem"), "--new-key"];

        Assert.Equal(ExitCode.Usage, await _console.RunAsync(["verify", copy, "--to", "9", .. sign]));
        Assert.Contains("compared without a model", _console.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(sign[3]) || File.Exists($"{sign[3]}.pub"));

        // The package of another run, which is whole, in the place of this one's.
        Directory.Delete(Path.Combine(copy, "model"), recursive: true);
        Copy(other.Directory.Package, Path.Combine("swapped", "model"));
        Assert.Equal(ExitCode.Unequal, await _console.RunAsync(["verify", copy, .. sign]));
        Assert.Contains("which were computed", _console.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(statement) || File.Exists(sign[3]));
    }

    [Fact]
    public async Task Statement_HoldsOfWhatWasVerified_AndOfNothingElse()
    {
        var run = await Train(Spec);
        string statement = _directory.File("run.intoto.json"), key = _directory.File("me.pem"), other = _directory.File("other.pem");

        await Verify(0, run.Directory.Path, "--statement", statement, "--key", key, "--new-key");

        Assert.Equal(0, await _console.RunAsync("verify", "--statement", statement, "--public-key", $"{key}.pub", run.Directory.Path));
        Assert.EndsWith("\nholds\n", _console.Output, StringComparison.Ordinal);
        Assert.Equal(0, await _console.RunAsync("verify", "--statement", statement, "--public-key", $"{key}.pub", run.Directory.Package));
        Assert.Equal(0, await _console.RunBareAsync(
            "verify", "--statement", statement, "--public-key", $"{key}.pub", run.Directory.Id.Text, "--runs", fixture.Silos.Store));
        Assert.Equal(ExitCode.Failed, await _console.RunAsync("verify", "--statement", statement, "--public-key", $"{key}.pub", "gone"));
        Assert.Equal(ExitCode.Failed, await _console.RunAsync(
            "verify", run.Directory.Path, "--statement", _directory.File("two.json"), "--key", key, "--new-key"));
        Assert.Contains($"--new-key: found {key}, expected no such file", _console.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unequal, await _console.RunAsync("verify", "--statement", statement));
        Assert.Contains("does not hold: the signature was not checked", _console.Output, StringComparison.Ordinal);

        Orleans.Tbptt.Client.Statements.SigningKey.Create(other).Dispose();
        Assert.Equal(ExitCode.Unequal, await _console.RunAsync("verify", "--statement", statement, "--public-key", $"{other}.pub"));

        string package = Copy(run.Directory.Package, "package");
        File.AppendAllText(Path.Combine(package, ModelPackage.WeightsFile), " ");
        Assert.Equal(
            ExitCode.Unequal, await _console.RunAsync("verify", "--statement", statement, "--public-key", $"{key}.pub", package));
        Assert.Contains("is not the model of the statement", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfAnotherArithmetic_IsRefused_WithWhatToDo()
    {
        var run = await Train(Spec);
        string copy = Copy(run.Directory.Path, "torch");
        string status = Path.Combine(copy, "status.json");
        File.WriteAllText(status, File.ReadAllText(status).Replace("\"fused 1\"", "\"libtorch 2.10.0, a CPU\"", StringComparison.Ordinal));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("verify", copy));
        Assert.Contains("was computed by arithmetic libtorch 2.10.0, a CPU", _console.Error, StringComparison.Ordinal);
        File.WriteAllText(status, File.ReadAllText(status).Replace(
            "libtorch 2.10.0, a CPU", FusedReplica.TensorCoreArithmetic(PrecisionKind.Tf32, "compute capability 9.0"),
            StringComparison.Ordinal));
        Assert.Equal(ExitCode.Failed, await _console.RunAsync("verify", copy));
        Assert.Contains(
            "was computed by arithmetic fused 1, products in tf32 by tensor cores of compute capability 9.0, and this program computes "
            + "fused 1: expected the same; a CPU has no tensor cores, and those of another compute capability may sum otherwise: train the "
            + "spec again on GPUs of that one, and compare both runs with tbptt bisect",
            _console.Error, StringComparison.Ordinal);
    }

    private async Task<FinishedRun> Train(RunSpec spec)
    {
        fixture.Calls.Reset();
        return await fixture.Silos.Train(spec);
    }

    private async Task<JsonNode> Verify(int code, params string[] args)
    {
        int before = _console.Output.Length;
        int found = await _console.RunAsync(["verify", .. args, "--output", "json"]);
        Assert.True(found == code, $"{found}: {_console.Output[before..]} {_console.Error}");
        return JsonNode.Parse(_console.Output[before..])!;
    }

    private static void AssertDiffers(JsonNode json, long step, string what)
    {
        Assert.False(json["equal"]!.GetValue<bool>());
        Assert.Equal((step, what), (Of<long>(json["difference"]!, "step"), Of<string>(json["difference"]!, "what")));
    }

    private static T Of<T>(JsonNode json, string name) => json[name]!.GetValue<T>();

    private string Copy(string directory, string name)
    {
        string to = _directory.File(name);
        foreach (string file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(directory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }
}
