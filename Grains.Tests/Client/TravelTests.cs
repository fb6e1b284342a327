using System.Text.Json.Nodes;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Tests.Grains.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Client;

/// <summary><c>tbptt at</c>, <c>fork</c> and <c>explain</c>, on the directories of runs that were trained.</summary>
[Slow]
public sealed class TravelTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private static FinishedRun? _run;
    private readonly ScriptedConsole _console = new();
    private readonly GrowingData _data = new();

    public void Dispose()
    {
        _console.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task At_WritesTheStateAsAModel()
    {
        var run = await Run();
        string to = Path.Combine(_console.Runs, "end");

        Assert.Equal(0, await At(run, "--export", to));

        Assert.Contains($"step     {run.Status.Step} of {run.Status.Step}: epoch 2,", _console.Output, StringComparison.Ordinal);
        Assert.Contains(", equal to what the run published\n", _console.Output, StringComparison.Ordinal);
        Assert.Contains($"state    {run.Status.StateHash}, equal to what the run published\n", _console.Output, StringComparison.Ordinal);
        foreach (string file in Directory.GetFiles(run.Directory.Package))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(to, Path.GetFileName(file))));
        Assert.True(File.Exists(Path.Combine(to, "optimizer.safetensors")) && File.Exists(Path.Combine(to, "hidden.safetensors")));

        Assert.Equal(0, await At(run, "--step", "5", "--export", $"{to}-5"));
        var package = ModelPackage.Load($"{to}-5", SpecLoader.Reader);
        Assert.Equal((5, 0), (package.Config.Steps, package.Config.Epochs));
        Assert.Contains($"weights  sha256 {package.Config.Hashes.Weights}\n", _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_ExitsWith1_WhereTheRunPublishedSomethingElse()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average());
        string text = File.ReadAllText(run.Directory.Metrics), loss = run.StepLosses[4].ToString("R", null);
        File.WriteAllText(run.Directory.Metrics, text.Replace($"\"loss\":{loss}", "\"loss\":1.5", StringComparison.Ordinal));

        Assert.Equal(0, await At(run, "--step", "4"));
        Assert.Equal(ExitCode.Failed, await At(run, "--step", "5"));

        Assert.StartsWith($"tbptt: step 5 of run {run.Directory.Id}: found a loss of {loss}, a gradient norm of ", _console.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_ComputesAStepThatTheRunDidNotPublish_PastLinesThatAreNoEvents_AndSaysSo()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average() with { Name = "unpublished" });
        var lines = File.ReadLines(run.Directory.Metrics).Where(line => !line.Contains("\"step\":5,", StringComparison.Ordinal));
        File.WriteAllLines(run.Directory.Metrics, [.. lines, "{\"type\":\"run\",\"num"]);

        Assert.Equal(0, await At(run, "--step", "5"));
        Assert.EndsWith("not compared: the run published no event of step 5\n", _console.Output, StringComparison.Ordinal);
        Assert.Equal(0, await At(run, "--step", "6"));
        Assert.Contains(", equal to what the run published\n", _console.Output, StringComparison.Ordinal);

        File.WriteAllText(run.Directory.Fork, "{");
        Assert.Equal(ExitCode.Failed, await At(run, "--step", "6"));
        Assert.Contains($"{run.Directory.Fork}: found text that does not say with which state of which run this one began", _console.Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("19", "tbptt: --step: found 19, expected 0 to 18, the steps that run ")]
    [InlineData("-1", "--step: found '-1', expected a number of steps, from 0.")]
    public async Task At_Refuses_AStepThatTheRunHasNotMade(string step, string message)
    {
        Assert.NotEqual(0, await At(await Run(), "--step", step));

        Assert.Contains(message, _console.Error, StringComparison.Ordinal);
    }

    /// <summary>A value 30 times as large as the others is the target of row 60, in the fifth chunk.</summary>
    [Theory]
    [InlineData("csv", "largest part: lane 0, sequence 1, rows 59 to 60 of d.csv\n", 59)]
    [InlineData("series", "largest part: lane 1, sequence 2, rows 59 to 60 of series b of d.csv\n", 59)]
    public async Task Explain_NamesTheRowsBehindASpike(string kind, string rows, long first)
    {
        var spec = _data.Spec(kind, trainers: 1);
        string[] lines = GrowingData.Content(spec, 97).Split('\n');
        int row = kind == "csv" ? 61 : (60 * 3) + 2;
        lines[row] = kind == "csv" ? "30" : "b,30";
        File.WriteAllText(GrowingData.FileOf(spec), string.Join('\n', lines));
        var run = await fixture.Silos.Train(spec with { Name = $"spike-{kind}" });

        Assert.Equal(0, await Explain(run, "--step", "5", "--around", "2"));
        Assert.EndsWith(rows, _console.Output, StringComparison.Ordinal);
        Assert.Contains("times the median of 4 steps around it", _console.Output, StringComparison.Ordinal);
        Assert.Contains("gradient cut off", _console.Output, StringComparison.Ordinal);

        string text = _console.Output;
        Assert.Equal(0, await Explain(run, "--step", "5", "--around", "2", "--output", "json"));
        var json = JsonNode.Parse(_console.Output[text.Length..])!;
        var lane = json["lanes"]![0]!;
        Assert.Equal(run.StepLosses[4], (double)json["loss"]!, 6);
        Assert.Equal(run.GradientNorms[4], (double)json["gradientNorm"]!, 5);
        Assert.Equal(1, json["lanes"]!.AsArray().Sum(one => (double)one!["share"]!), 6);
        Assert.Equal(first, lane["parts"]!.AsArray().MaxBy(part => (double)part!["gradientNorm"]!)!["rows"]!["first"]!.GetValue<long>());
        Assert.Equal(
            (double)lane["loss"]!, lane["parts"]!.AsArray().Sum(part => (double)part!["loss"]! * (int)part["length"]!) / 12, 5);
    }

    [Fact]
    public async Task Explain_Refuses_RoundsOfLocalSteps()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average().InRounds(3) with { Name = "in-rounds" });

        Assert.Equal(ExitCode.Failed, await Explain(run, "--step", "4"));

        Assert.Contains("found train.sync.mode local, expected every", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fork_IsRefusedBeforeAnythingStarts_WhereAKeyMayNotChange()
    {
        var run = await Run();

        Assert.Equal(ExitCode.BadSpec, await Fork(run, "--at", "5", "--set", "model.hiddenSize=3"));
        Assert.Equal(ExitCode.Failed, await Fork(run, "--at", "500"));

        Assert.Contains("model.hiddenSize: found a change, expected a key that leaves the state", _console.Error, StringComparison.Ordinal);
        Assert.Contains("--at: found 500, expected 0 to 18", _console.Error, StringComparison.Ordinal);
        Assert.Empty(_console.Cluster.Calls);
    }

    private async Task<FinishedRun> Run() => _run ??= await fixture.Silos.Train(TestSpecs.Average() with { Name = "plain" });

    private Task<int> At(FinishedRun run, params string[] options) => Command("at", run, options);

    private Task<int> Explain(FinishedRun run, params string[] options) => Command("explain", run, options);

    private Task<int> Fork(FinishedRun run, params string[] options) => Command("fork", run, options);

    private Task<int> Command(string verb, FinishedRun run, string[] options) =>
        _console.RunBareAsync([verb, run.Directory.Id.Text, .. options, "--runs", fixture.Silos.Store]);
}
