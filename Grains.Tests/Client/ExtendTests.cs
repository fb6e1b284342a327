using Orleans.Tbptt.Client;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Tests.Client;

public sealed class ExtendTests : IDisposable
{
    private readonly ScriptedConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Theory]
    [InlineData(RunState.Stopped, "tbptt resume wave-1")]
    [InlineData(RunState.Paused, "tbptt resume wave-1")]
    public async Task Extend_Refuses_ARunThatHasNotCompleted(RunState state, string remedy)
    {
        _console.Write(Sample.Status(state));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("extend", "wave"));

        Assert.Equal(
            $"tbptt: run wave-1 cannot be extended: found it {state.ToString().ToLowerInvariant()} at step 1,200, expected a run that has "
            + $"completed; first: {remedy}\n", _console.Error);
    }

    [Theory]
    [InlineData(null, "no checkpoint")]
    [InlineData("2-1100", "checkpoint 2-1100 as the newest")]
    public async Task Extend_Refuses_ARunWithoutACheckpointOfItsEnd(string? checkpoint, string found)
    {
        var run = _console.Write(Sample.Status(RunState.Completed));
        if (checkpoint is not null)
            Directory.CreateDirectory(Path.Combine(run.Checkpoints, checkpoint));

        Assert.Equal(ExitCode.Failed, await _console.RunAsync("extend", "wave"));

        Assert.StartsWith($"tbptt: run wave-1 cannot be extended: found {found} in {run.Checkpoints}, expected one of its last step, 1200",
            _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extend_MakesTheSpecOfTheRunThatItExtends_AndSaysWhatItBeginsWith()
    {
        var run = Completed(new CsvSource { Path = "/data/wave.csv" });

        _console.Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));
        await _console.RunAsync("extend", "wave", "--data", "/data/more.csv", "--scaling", "refit", "--set", "seed=7");

        var text = _console.Checker.Texts.Single();
        RunSpec spec = Orleans.Tbptt.Training.SpecLoader.Parse(text, filesMustExist: false).Spec!;
        string checkpoint = Path.Combine(run.Checkpoints, "2-1200");
        Assert.Equal(new ExtendsSpec { Checkpoint = checkpoint, Scaling = ExtendedScaling.Refit }, spec.Extends);
        Assert.Equal(("/data/more.csv", 1, 1, 1, 7),
            (((CsvSource)spec.Data.Source).Path, spec.Data.BatchSize, spec.Train.Trainers, spec.Train.Epochs, spec.Seed));
        Assert.StartsWith(
            """
            extends  run wave-1 after step 1,200, on /data/more.csv
            scaling  refit: columns are scaled anew, by all rows to train on
            begins   with the new part, from the hidden state at the end of that run, in one lane

            """.ReplaceLineEndings("\n"), _console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extend_KeepsTheLanes_WhereChunksAreReplayed()
    {
        Completed(new CsvSource { Path = "/data/wave.csv" });

        _console.Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));
        await _console.RunAsync("extend", "wave", "--replay", "3");

        RunSpec spec = Orleans.Tbptt.Training.SpecLoader.Parse(_console.Checker.Texts.Single(), filesMustExist: false).Spec!;
        Assert.Equal((3, 20, 2), (spec.Extends!.Replay, spec.Data.BatchSize, spec.Train.Trainers));
        Assert.Contains("begins   3 chunks before the new part, from hidden state zero", _console.Output, StringComparison.Ordinal);
    }

    /// <summary>Sequences that are made of a formula do not grow.</summary>
    [Fact]
    public async Task Extend_Refuses_DataThatDoNotGrow()
    {
        Completed(new SineSource());

        Assert.Equal(ExitCode.BadSpec, await _console.RunAsync("extend", "wave"));

        Assert.Contains("data.source: found sine with extends, expected csv, jsonl, bytes, characters or words, whose files grow by what "
            + "is appended to them; convert the data, and train a run on them to be extended", _console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extend_FollowsTheFile_AndHoldsNothingOut()
    {
        Completed(new CsvSource { Path = "/data/wave.csv" });

        _console.Cluster.Lines.AddRange(Sample.Lines(Sample.Started(), Sample.Ended(RunState.Completed)));
        await _console.RunAsync("extend", "wave", "--follow", "--until-idle", "600");

        RunSpec spec = Orleans.Tbptt.Training.SpecLoader.Parse(_console.Checker.Texts.Single(), filesMustExist: false).Spec!;
        Assert.Equal((true, 600, 0.0), (spec.Extends!.Follow, spec.Extends.IdleSeconds, spec.Data.ValidationFraction));
        Assert.Contains("nothing is held out; ends after 600 seconds without rows", _console.Output, StringComparison.Ordinal);
    }

    /// <summary>What a step is must not depend on rows that are still to come.</summary>
    [Theory]
    [InlineData("extends.replay=2", "extends.replay: found 2 with extends.follow, expected 0, because each row is trained on once")]
    [InlineData("extends.scaling=refit", "extends.scaling: found refit with extends.follow, expected frozen")]
    [InlineData("data.missingValues=interpolate", "data.missingValues: found interpolate with extends.follow, expected forward or mask")]
    [InlineData("data.validationFraction=0.1", "data.validationFraction: found 0.1 with extends.follow, expected 0")]
    [InlineData("data.test={fraction: 0.1}", "data.test: found it with extends.follow, expected nothing held out")]
    [InlineData("train.sync={mode: local, chunks: 2}", "train.sync: found local with extends.follow, expected every")]
    [InlineData("train.loss=negative_binomial", "train.loss: found negative_binomial with extends.follow, expected a loss of any targets")]
    [InlineData("train.epochs=2", "train.epochs: found 2 with extends.replay 0, expected 1")]
    [InlineData("extends.follow=false", "extends.idleSeconds: found it without extends.follow, expected follow: true")]
    public async Task Extend_Refuses_ToFollowWhereStepsWouldDependOnRowsToCome(string set, string message)
    {
        Completed(new CsvSource { Path = "/data/wave.csv" });

        Assert.Equal(
            ExitCode.BadSpec, await _console.RunAsync("extend", "wave", "--follow", "--until-idle", "9", "--set", set));

        Assert.Contains(message, _console.Error, StringComparison.Ordinal);
    }

    private RunDirectory Completed(SourceSpec source)
    {
        var run = _console.Write(Sample.Status(RunState.Completed));
        Directory.CreateDirectory(Path.Combine(run.Checkpoints, "2-1200"));
        File.WriteAllText(run.Spec, SpecWriter.ToYaml(Sample.Spec with
        {
            Data = Sample.Spec.Data with { Source = source }, Train = Sample.Spec.Train with { Trainers = 2 },
        }));
        return run;
    }
}
