using System.Text.Json.Nodes;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Grains.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Client;

/// <summary><c>tbptt bisect</c>, on pairs of runs that grains have trained.</summary>
[Slow]
public sealed class BisectTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, epochs: 8) with
    {
        Engine = new FusedEngine(),
        Data = TestSpecs.Average().Data with { ValidationFraction = 0.2, Shuffle = true },
        Checkpoint = new() { EverySteps = 7, EverySeconds = 0, KeepLast = 99, KeepBest = 0 },
    };

    private static int _forks;

    private readonly TemporaryDirectory _directory = new();
    private readonly ScriptedConsole _console = new();

    public void Dispose()
    {
        _console.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("every step")]
    [InlineData("without hashes")]
    [InlineData("rounds")]
    public async Task RunsThatDifferInWhatChangesNoBit_AreEqual(string recipe)
    {
        var spec = Recipe(recipe);
        var (a, b) = (await Train(spec), await Train(spec with
        {
            Name = "other", Speculate = SpeculationKind.Auto, Checkpoint = spec.Checkpoint with { EverySteps = 6 },
            Train = spec.Train with { Trainers = 1, Shards = 3 },
        }));

        var json = await Bisect(0, a, b);

        Assert.True(json["equal"]!.GetValue<bool>());
        Assert.Equal(a.Status.Step, Of<long>(json, "equalTo"));
        Assert.All(json["keys"]!.AsArray(), key => Assert.Null(key!["from"]));
        foreach (string key in new[] { "train.trainers", "speculate" })
            Assert.Contains(json["keys"]!.AsArray(), one => Of<string>(one!, "key") == key);
        if (recipe != "without hashes")
            Assert.Equal(0, Of<long>(json, "computed"));
        AssertFewReplays(json);
    }

    [Fact]
    public async Task RunsOfTwoSeeds_AreUnlikeFromTheFirstStateOn_BecauseOfTheSeed()
    {
        var (a, b) = (await Train(Spec), await Train(Spec with { Seed = 4 }));

        var json = await Bisect(ExitCode.Unequal, a, b);

        Assert.Equal(("firstState", 0, "seed"), (Of<string>(json, "verdict"), Of<long>(json, "step"), Causes(json)));
        Assert.Equal(("parameters", "rnn.weight_ih_l0"), Tensor(json["state"]![0]!));
        AssertFewReplays(json);
    }

    /// <summary>The rate is the same up to step 30; the journals show that, or the losses behind it, or the checkpoints.</summary>
    [Theory]
    [InlineData("every step")]
    [InlineData("without hashes")]
    [InlineData("every fifth step")]
    [InlineData("nothing published")]
    [InlineData("rounds")]
    public async Task ScheduleThatPartsAtAStep_IsNamed_WithThatStep(string recipe)
    {
        var spec = Recipe(recipe);
        spec = spec with { Train = spec.Train with { Schedule = new StepSchedule { Every = 30, Gamma = 0.5 } } };
        var (a, b) = (await Train(spec), await Train(spec with
        {
            Checkpoint = spec.Checkpoint with { EverySteps = 5 },
            Train = spec.Train with { Schedule = new StepSchedule { Every = 30, Gamma = 0.25 } },
        }));
        if (recipe == "nothing published")
        {
            foreach (var run in new[] { a, b })
                Edit(run.Directory.Path, _ => null);
        }

        var json = await Bisect(ExitCode.Unequal, a, b);

        Assert.Equal(("step", 31, 30, "train.schedule"),
            (Of<string>(json, "verdict"), Of<long>(json, "step"), Of<long>(json, "equalTo"), Causes(json)));
        Assert.Equal("the learning rate", Of<string>(json["outcome"]!, "what"));
        Assert.Empty(json["lanes"]!.AsArray());
        Assert.Equal(("parameters", "rnn.weight_ih_l0"), Tensor(json["state"]![0]!));
        var key = Assert.Single(json["keys"]!.AsArray(), one => one!["from"] is not null)!;
        Assert.Equal(("train.schedule.gamma", 31), (Of<string>(key, "key"), Of<long>(key, "from")));
        Assert.Contains($"gamma: {Of<string>(key, "a")}",
            File.ReadAllLines(a.Directory.Spec)[Of<int>(key, "lineA") - 1], StringComparison.Ordinal);
        AssertFewReplays(json);
    }

    [Fact]
    public async Task RowThatWasChanged_IsFound_InItsLaneAndInItsFile()
    {
        using GrowingData one = new(), other = new();
        var (specA, specB) = (one.Spec("series", trainers: 1), other.Spec("series", trainers: 1));
        GrowingData.Write(specA, 97);
        string[] lines = GrowingData.Content(specB, 97).Split('\n');
        lines[(60 * 3) + 2] = "b,30";
        File.WriteAllText(GrowingData.FileOf(specB), string.Join('\n', lines));
        var (a, b) = (await Train(specA with { Engine = new FusedEngine() }), await Train(specB with { Engine = new FusedEngine() }));

        var json = await Bisect(ExitCode.Unequal, a, b);

        // As the target of the row before it in step 5, whose chunk are the rows 49 to 60.
        Assert.Equal(("step", 5, "data"), (Of<string>(json, "verdict"), Of<long>(json, "step"), Causes(json)));
        var lane = Assert.Single(json["lanes"]!.AsArray())!;
        Assert.Equal((1, "target", "30"), (Of<int>(lane, "lane"), Of<string>(lane["data"]!, "what"), Of<string>(lane["data"]!, "b")));
        Assert.Equal(("b", 60), (Of<string>(lane["data"]!["rows"]!, "series"), Of<long>(lane["data"]!["rows"]!, "first")));
        Assert.Equal(("gradient", "rnn.weight_ih_l0"), Tensor(lane["gradient"]![0]!));
        var file = Assert.Single(json["files"]!.AsArray())!;
        Assert.Equal(((60 * 3) + 3, "b,30"), (Of<int>(file, "line"), Of<string>(file, "lineB")));
        AssertFewReplays(json);

        File.Delete(GrowingData.FileOf(specB));
        var gone = await Bisect(ExitCode.Unequal, a, b);
        Assert.Equal(("notComputed", 4), (Of<string>(gone, "verdict"), Of<long>(gone, "equalTo")));
        Assert.Contains(GrowingData.FileOf(specB), gone["problems"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("perhaps the data, which are unlike", gone["why"]!.AsArray().Select(why => why!.GetValue<string>()));
    }

    [Theory]
    [InlineData("hash")]
    [InlineData("loss")]
    [InlineData("learning rate")]
    public async Task JournalThatWasChangedInOneStep_IsSaidToBeWrong_AndNothingElse(string what)
    {
        var a = await Train(Spec);
        string b = Copy(a);
        Edit(b, step => step is not { Step: 40 } ? step : what switch
        {
            "hash" => step with { StateHash = new(step.StateHash!.Value.Value ^ 1) },
            "loss" => step with { Loss = Math.BitIncrement(step.Loss) },
            _ => step with { LearningRate = Math.BitDecrement(step.LearningRate) },
        });

        var json = await Bisect(ExitCode.Unequal, a.Directory.Path, b);

        Assert.Equal(("notReproduced", 40), (Of<string>(json, "verdict"), Of<long>(json, "step")));
        Assert.Null(json["notReproduced"]!["a"]);
        var wrong = json["notReproduced"]!["b"]!;
        Assert.Equal((40, true), (Of<long>(wrong, "earliest"), Of<bool>(wrong, "onlyPublished")));
        var sound = json["reproduced"]!["a"]!;
        Assert.Equal((39, 40, 1, 40),
            (Of<long>(sound, "from"), Of<long>(sound, "to"), Of<long>(sound, "compared"), Of<long>(sound, "lastState")));
        Assert.Null(json["reproduced"]!["b"]);
        AssertFewReplays(json);
        Assert.Equal(ExitCode.Unequal, await _console.RunAsync("bisect", b, a.Directory.Path));
        Assert.EndsWith(
            "unlike     from step 40 on, which in A is not what spec and data give\n", _console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("every step")]
    [InlineData("losses")]
    [InlineData("nothing")]
    public async Task StepThatWasComputedWrongly_IsFound_AndWhoIsRight_ByWhatIsPublished(string what)
    {
        var spec = Spec with { Train = Spec.Train with { Trainers = 1 } };
        var sound = await Train(spec);
        var faulty = new FaultySilo { Sound = 33, Faults = 1 };
        await using var silos = await TestSilos.Start(1, faulty.AddTo);
        faulty.Begin(silos.Cluster.Silos[0].SiloAddress);
        var wrong = await silos.Train(spec);
        Assert.Equal(1, faulty.Flipped);
        int at = 1 + sound.Events.OfType<StepCommitted>().Zip(wrong.Events.OfType<StepCommitted>()).ToList().FindIndex(
            steps => steps.First.StateHash != steps.Second.StateHash);
        foreach (var run in new[] { sound, wrong })
            Edit(run.Directory.Path, step => what == "every step" ? step : what == "losses" ? step with { StateHash = null } : null);

        var json = await Bisect(ExitCode.Unequal, sound.Directory.Path, wrong.Directory.Path);

        // Without hashes a loss behind the step, or the next checkpoint, is the first thing that is unlike.
        Assert.Equal("notReproduced", Of<string>(json, "verdict"));
        Assert.Null(json["notReproduced"]!["a"]);
        var found = json["notReproduced"]!["b"]!;
        Assert.InRange(at, Of<long>(found, "earliest"), Of<long>(found, "step"));
        if (what == "every step")
            Assert.Equal((at, at, false), (Of<long>(found, "earliest"), Of<long>(found, "step"), Of<bool>(found, "onlyPublished")));
        AssertFewReplays(json);
    }

    /// <summary>Both runs have published the same wrong states before the step of which one journal says something else.</summary>
    [Fact]
    public async Task RunsThatAreWrongBeforeTheyPart_AreNotSaidToBeWrongInThatStep()
    {
        var run = await Train(Spec);
        string a = Copy(run, "wrong"), b = Copy(run, "changed");
        foreach (string copy in new[] { a, b })
        {
            Directory.Delete(Path.Combine(copy, "checkpoints"), recursive: true);
            Edit(copy, step => step.Step < 20 ? step : step with { StateHash = new(step.StateHash!.Value.Value ^ 1) });
        }

        Edit(b, step => step is not { Step: 54 } ? step : step with { StateHash = new(step.StateHash!.Value.Value ^ 2) });

        var json = await Bisect(ExitCode.Unequal, a, b);

        Assert.Equal(("stateNotReproduced", 54, 53),
            (Of<string>(json, "verdict"), Of<long>(json, "step"), Of<long>(json, "equalTo")));
        foreach (string name in new[] { "a", "b" })
        {
            var wrong = json["notReproduced"]![name]!;
            Assert.Equal((53, 1, "the first state"),
                (Of<long>(wrong, "step"), Of<long>(wrong, "earliest"), Of<string>(wrong, "computedFrom")));
            Assert.Null(json["reproduced"]![name]);
        }

        Assert.Contains("'tbptt verify' of A says from which step on", json["why"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unequal, await _console.RunAsync("bisect", a, b));
        Assert.EndsWith(
            "unlike     step 54, the first unlike one that was published; the states after step 53 are equal, and not what spec and data "
            + "give\n", _console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunsOfWhichNothingWasKept_AreNotSaidToBeEqual(bool isOne)
    {
        var run = await Train(Spec);
        string a = Copy(run, "kept"), b = Copy(run, "bare");
        foreach (string copy in isOne ? new[] { b } : [a, b])
        {
            Edit(copy, _ => null);
            Directory.Delete(Path.Combine(copy, "checkpoints"), recursive: true);
            string status = Path.Combine(copy, "status.json"), text = File.ReadAllText(status);
            File.WriteAllText(status, text.Replace($"\"{run.Status.StateHash}\"", "null", StringComparison.Ordinal));
            Assert.NotEqual(text, File.ReadAllText(status));
        }

        var json = await Bisect(ExitCode.Failed, a, b);

        Assert.Equal(("notKept", false), (Of<string>(json, "verdict"), Of<bool>(json, "equal")));
        Assert.Null(json["reproduced"]!["b"]);
        AssertFewReplays(json);
    }

    [Theory]
    [InlineData(5, 3, true)]
    [InlineData(3, 5, true)]
    [InlineData(5, 3, false)]
    [InlineData(3, 5, false)]
    public async Task RoundsOfUnlikeLength_PartAtTheEndOfTheShorterOne(int stepsA, int stepsB, bool isPublished)
    {
        var (a, b) = (await Train(Spec.InRounds(stepsA)), await Train(Spec.InRounds(stepsB)));
        foreach (var run in isPublished ? [] : new[] { a, b })
            Edit(run.Directory.Path, _ => null);

        var json = await Bisect(ExitCode.Unequal, a, b);

        Assert.Equal(("step", 3, 0, "train.sync"),
            (Of<string>(json, "verdict"), Of<long>(json, "step"), Of<long>(json, "equalTo"), Causes(json)));
        Assert.Equal(("the length of the round (train.sync.chunks)", $"{stepsA}", $"{stepsB}"),
            (Of<string>(json["outcome"]!, "what"), Of<string>(json["outcome"]!, "a"), Of<string>(json["outcome"]!, "b")));
        Assert.Empty(json["state"]!.AsArray());
        AssertFewReplays(json);
    }

    [Fact]
    public async Task KeyOfTheData_IsTriedAsACause_WhereTheFilesAreTheSame()
    {
        var (a, b) = (await Train(Spec), await Train(Spec with { Data = Spec.Data with { ValidationFraction = 0.4 } }));

        var json = await Bisect(ExitCode.Unequal, a, b);

        Assert.Equal(("step", 1, "data"), (Of<string>(json, "verdict"), Of<long>(json, "step"), Causes(json)));
        Assert.True(Of<bool>(json, "dataTried"));
        Assert.Contains(json["why"]!.AsArray(), line =>
            line!.GetValue<string>().StartsWith("data.validationFraction is 0.2 in A", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fork_IsEqualToItsParent_UpToWhereItsChangeActs()
    {
        var parent = await Train(Spec);
        var plain = await Fork(parent, 11);
        var changed = await Fork(parent, 11, "train.clipNorm=0.01");

        Assert.Equal(11, Of<long>(await Bisect(0, parent, plain), "first"));
        var json = await Bisect(ExitCode.Unequal, parent, changed);

        Assert.Equal(("step", 12, 11, "train.clipNorm"),
            (Of<string>(json, "verdict"), Of<long>(json, "step"), Of<long>(json, "equalTo"), Causes(json)));
        AssertFewReplays(json);
    }

    [Fact]
    public async Task Report_SaysTheStepTheArraysAndTheCause()
    {
        var (a, b) = (await Train(Spec), await Train(Spec with { Model = Spec.Model with { Dropout = 0.25 } }));

        string typed = Path.GetRelativePath(".", b.Directory.Path);

        Assert.Equal(ExitCode.Unequal, await _console.RunAsync("bisect", a.Directory.Path, typed));

        foreach (string line in new[]
        {
            $"B          run {b.Directory.Id}, {typed}: ",
            "spec       model.dropout is 0.2 in A (spec.yaml:", "step       1, epoch 1: the loss is ", "lane 0     sequence ",
            "           gradient of ", "cause      model.dropout: with that of A in its place, step 1 of B has A's bits",
            "state      parameters: rnn.weight_ih_l0[0, 0] is ",
            "unlike     from step 1 on; the states after step 0 are equal",
        })
            Assert.Contains($"\n{line}", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunOfAnotherArithmetic_IsComparedByWhatWasPublished()
    {
        var (a, b) = (await Train(Spec), await Train(Spec with { Train = Spec.Train with { ClipNorm = 0.01 } }));
        string status = File.ReadAllText(b.Directory.Status);
        File.WriteAllText(b.Directory.Status, status.Replace("\"fused 1\"", "\"libtorch 2.10.0, a CPU\"", StringComparison.Ordinal));

        var json = await Bisect(ExitCode.Unequal, a, b);

        Assert.Equal(("notComputed", 1), (Of<string>(json, "verdict"), Of<long>(json["published"]!, "step")));
        string[] why = [.. json["why"]!.AsArray().Select(line => line!.GetValue<string>())];
        Assert.StartsWith("perhaps the arithmetic: fused 1 in A", why[0], StringComparison.Ordinal);
        Assert.Contains("perhaps a key: train.clipNorm is 0.5 in A", why[1], StringComparison.Ordinal);
        Assert.Contains("computed again, A is what its spec and data give up to step 1 (1 of 1 step from 1 on published)", why);
    }

    private static RunSpec Recipe(string recipe) => recipe switch
    {
        "rounds" => Spec.InRounds(3) with { Checkpoint = Spec.Checkpoint with { EverySteps = 6 } },
        "without hashes" => Spec with { Metrics = new() { StateHash = false } },
        "every fifth step" => Spec with { Metrics = new() { Every = 5 } },
        _ => Spec,
    };

    private async Task<FinishedRun> Train(RunSpec spec)
    {
        fixture.Calls.Reset();
        return await fixture.Silos.Train(spec);
    }

    private async Task<FinishedRun> Fork(FinishedRun parent, long step, params string[] changes)
    {
        var run = RunId.Parse($"bisected-fork-{Interlocked.Increment(ref _forks)}");
        await fixture.Silos.Grains.GetGrain<ICatalogGrain>(0).Fork(
            new(run, parent.Directory.Id, step, changes, 0, ProtocolVersion.Current));
        return await fixture.Silos.Watch(run);
    }

    private Task<JsonNode> Bisect(int code, FinishedRun a, FinishedRun b) => Bisect(code, a.Directory.Path, b.Directory.Path);

    private async Task<JsonNode> Bisect(int code, string a, string b)
    {
        int before = _console.Output.Length;
        int found = await _console.RunAsync("bisect", a, b, "--output", "json");
        Assert.True(found == code, $"{found}: {_console.Output[before..]} {_console.Error}");
        return JsonNode.Parse(_console.Output[before..])!;
    }

    private static void AssertFewReplays(JsonNode json) => Assert.InRange(
        Of<int>(json, "replays"), 0, (int)Math.Ceiling(Math.Log2(Of<long>(json, "last") - Of<long>(json, "first"))) + 3);

    private static string Causes(JsonNode json) => string.Join(", ", json["causes"]!.AsArray().Select(cause => cause!.GetValue<string>()));

    private static (string, string) Tensor(JsonNode json) => (Of<string>(json, "part"), Of<string>(json, "name"));

    private static T Of<T>(JsonNode json, string name) => json[name]!.GetValue<T>();

    /// <summary>Changes the steps of a journal, or leaves them out.</summary>
    private static void Edit(string directory, Func<StepCommitted, StepCommitted?> change)
    {
        string metrics = Path.Combine(directory, "metrics.jsonl");
        File.WriteAllLines(metrics, [.. File.ReadAllLines(metrics).Select(line =>
            RunJson.ReadEvent(line) is not StepCommitted step ? line : change(step) is { } changed ? RunJson.Write(changed) : "").Where(
                line => line.Length > 0)]);
    }

    private string Copy(FinishedRun run, string place = "copies")
    {
        string to = Path.Combine(_directory.File(place), run.Directory.Id.Text);
        foreach (string file in Directory.EnumerateFiles(run.Directory.Path, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(run.Directory.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return to;
    }
}
