using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Explaining;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Tests.Silo.Web.Explaining;

/// <summary>What a silo explains, and what it leaves to the console.</summary>
[Slow]
public sealed class BoundedExplainerTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private readonly BoundedExplainer _explainer = new(SpecLoader.Reader, null);

    [Fact]
    public async Task Step_IsExplained_AndRefusedWithTheCommandWhereItsTimeIsOver()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average());

        var answer = _explainer.Explain(run.Directory, 5, run.Status.Step, CancellationToken.None);
        Assert.Equal(("", StatusCodes.Status200OK, 5L), (answer.Problem, answer.Status, answer.Step!.Step));
        Assert.Equal(run.StepLosses[4], answer.Step.Loss, 6);

        var late = _explainer.Explain(run.Directory, 5, run.Status.Step, new CancellationToken(canceled: true));
        Assert.Equal(
            (StatusCodes.Status422UnprocessableEntity, "found the time over while reading the run's data, expected 30 s at most for "
                + $"all of it: use 'tbptt explain {run.Directory.Id} --step 5'"),
            (late.Status, late.Problem));

        Assert.Throws<OperationCanceledException>(() => _explainer.Explain(
            run.Directory, 5, run.Status.Step, CancellationToken.None, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task RunWithMuchData_IsRefusedBeforeAnyOfItIsRead()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average() with { Name = "much" });
        var born = RunJson.ReadData(File.ReadAllText(run.Directory.Data));
        File.WriteAllText(run.Directory.Data, RunJson.Write(born with { Files = [new("/none.csv", 300_000_000, new string('0', 64))] }));

        var answer = _explainer.Explain(run.Directory, 5, run.Status.Step, CancellationToken.None);

        Assert.Equal(
            $"found 300,000,000 bytes of data, expected 268,435,456 at most on a silo: use 'tbptt explain {run.Directory.Id} --step 5'",
            answer.Problem);
    }

    [Fact]
    public async Task RunInRounds_IsRefusedWithTheReason()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average().InRounds(3) with { Name = "rounds" });

        var answer = _explainer.Explain(run.Directory, 4, run.Status.Step, CancellationToken.None);

        Assert.Equal(StatusCodes.Status422UnprocessableEntity, answer.Status);
        Assert.Contains("found train.sync.mode local, expected every", answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StepOfChunksThatAreCounted_IsExplained()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average() with { Name = "counted", Tbptt = new() { ChunkCount = 3 } });

        var answer = _explainer.Explain(run.Directory, 4, run.Status.Step, CancellationToken.None);

        Assert.Equal(("", StatusCodes.Status200OK, 4L), (answer.Problem, answer.Status, answer.Step!.Step));
        Assert.Equal(run.StepLosses[3], answer.Step.Loss, 6);
    }

    [Fact]
    public async Task WhatIsTooMuch_IsRefusedBeforeTheDataAreOpened()
    {
        // Data that are opened would be refused because they are not those of data.json.
        var run = await fixture.Silos.Train(TestSpecs.Average() with { Name = "early" });
        var born = RunJson.ReadData(File.ReadAllText(run.Directory.Data));
        var data = born.Description!;
        RunData[] large =
        [
            born with { Description = data with { Paths = ["/none.parquet"], Training = data.Training with { Steps = 20_000_000 } } },
            born with { Files = [new("/none.csv", 1, new string('0', 64))], Description = data },
        ];

        File.WriteAllText(run.Directory.Data, RunJson.Write(large[0]));
        Assert.Equal(
            "found 720,000,000 bytes of data once they are decoded, expected 268,435,456 at most on a silo: "
                + $"use 'tbptt explain {run.Directory.Id} --step 5'",
            _explainer.Explain(run.Directory, 5, run.Status.Step, CancellationToken.None).Problem);

        File.WriteAllText(run.Directory.Data, RunJson.Write(large[1]));
        File.WriteAllText(run.Directory.Spec, File.ReadAllText(run.Directory.Spec).Replace("hiddenSize: 12", "hiddenSize: 3000",
            StringComparison.Ordinal));
        Assert.StartsWith(
            "found 72,210,006 parameters of all shards, expected 16,777,216 at most on a silo: ",
            _explainer.Explain(run.Directory, 5, run.Status.Step, CancellationToken.None).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"files":null}""")]
    public async Task RunWithDamagedData_IsRefusedAsOneWithOtherDamagedFiles(string text)
    {
        var run = await fixture.Silos.Train(TestSpecs.Average(epochs: 1) with { Name = "damaged" });
        File.WriteAllText(run.Directory.Data, text);

        var answer = _explainer.Explain(run.Directory, 2, run.Status.Step, CancellationToken.None);

        Assert.Equal(StatusCodes.Status422UnprocessableEntity, answer.Status);
        Assert.StartsWith(
            $"{run.Directory.Data}: found text that does not say what data the run has", answer.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PhaseThatTookTooLong_IsNamed_AndAnEvaluationIsCancelled()
    {
        var run = await fixture.Silos.Train(TestSpecs.Average(validationFraction: 0.3) with { Name = "phases" });
        using var replay = RunReplay.Open(run.Directory, new());
        Assert.Equal("reading the run's data", BoundedExplainer.Doing(null));
        Assert.Equal("reading the run's data", BoundedExplainer.Doing(replay));
        replay.Begin();
        long end = replay.ChunksOf(0);

        using var early = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => replay.Continue(end, EpochEnd.After, _ => early.Cancel(), early.Token));
        Assert.Equal((1, "computing the steps from the run's first state on"), (replay.Next.Step, BoundedExplainer.Doing(replay)));

        using var late = new CancellationTokenSource();
        void CancelAtTheEnd(ReplayedStep step)
        {
            if (step.At.Step + 1 == end)
                late.Cancel();
        }

        Assert.Throws<OperationCanceledException>(() => replay.Continue(end, EpochEnd.After, CancelAtTheEnd, late.Token));
        Assert.Equal("evaluating what is held out at the end of epoch 1", BoundedExplainer.Doing(replay));

        // The epoch's end is still to come, and is that of the run.
        replay.Continue(end, EpochEnd.After, cancellation: CancellationToken.None);
        Assert.Equal(run.Status.ValidationLosses[0], replay.State.Losses[0]);
    }
}
