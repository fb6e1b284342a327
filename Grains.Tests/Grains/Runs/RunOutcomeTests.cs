using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Runs;

public sealed class RunOutcomeTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2, layers: 2, validationFraction: 0.2);

    [Fact]
    public async Task CompletedRun_LeavesItsWholeDirectory()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Spec);

        RunAssert.SameBits(Oracle.Of(Spec), run);
        var layout = ParameterLayout.Of(Spec.Model);
        var metadata = SafetensorsFile.ReadInto(run.Directory.Model, layout, new float[layout.Length]).Metadata;
        Assert.Equal($"{run.End.Step}", metadata["step"]);
        var slots = HiddenTensors.Slots(Spec.Model, Spec.Data.BatchSize);
        float[] hidden = new float[slots.Sum(slot => slot.Length)];
        SafetensorsFile.ReadInto(run.Directory.Hidden, slots, hidden);
        Assert.Contains(hidden, value => value != 0);
        Assert.Equal(run.Directory.Model, run.End.Model);
        var written = run.Directory.ReadStatus()!;
        Assert.NotNull(written.EndedAt);
        Assert.Equal(0, written.StepsPerSecond);
        Assert.All(written.Trainers, trainer => Assert.Equal(TrainerState.Released, trainer.State));
        Assert.Equal(run.Status with { UpdatedAt = default, Trainers = [], EpochLosses = [], ValidationLosses = [], Metrics = [] },
            written with { UpdatedAt = default, Trainers = [], EpochLosses = [], ValidationLosses = [], Metrics = [] });
    }

    [Fact]
    public async Task SpecOfARun_SubmittedAgain_GivesTheSameBits()
    {
        fixture.Calls.Reset();
        var first = await fixture.Silos.Train(Spec);

        var read = SpecLoader.Load(first.Directory.Spec, []);
        Assert.Empty(read.Problems);
        var second = await fixture.Silos.Train(read.Spec!);

        Bits.Same(first.StepLosses, second.StepLosses);
        var layout = ParameterLayout.Of(Spec.Model);
        Bits.Same(first.Model(layout), second.Model(layout));
        Assert.Equal(await File.ReadAllTextAsync(first.Directory.Spec, TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(second.Directory.Spec, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task StoppedRun_EndsAtItsLastCommittedStep_WithoutWaitingForTheOneInFlight()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var run = await fixture.Silos.Submit(Spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await halt.Reached;

        // The trainers are still at their chunk.
        await Task.WhenAll(coordinator.StopRun("enough"), coordinator.StopRun("more than enough"));

        Assert.Equal(RunState.Stopped, fixture.Silos.Directory(run).ReadStatus()!.State);
        halt.Continue();
        var finished = await fixture.Silos.Watch(run);
        RunAssert.Journal(finished);
        Assert.Equal((RunState.Stopped, 3L), (finished.End.State, finished.End.Step));
        Assert.Contains(finished.End.Message, new[] { "enough", "more than enough" });
        Assert.Null(finished.End.Model);
        Assert.False(File.Exists(finished.Directory.Model));
        await coordinator.StopRun("again");
        Assert.Equal(finished.End.Message, (await coordinator.GetStatus()).Message);
    }

    [Fact]
    public async Task Run_IsStopped_WhileItsTrainersCannotBePlaced()
    {
        fixture.Calls.Reset();
        var tried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Calls.Before = call =>
        {
            if (call.Method != nameof(ITrainerGrain.Assign))
                return Task.CompletedTask;
            tried.TrySetResult();
            throw new InvalidOperationException("unplugged");
        };
        var run = await fixture.Silos.Submit(Spec);
        await tried.Task;

        await fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).StopRun("enough")
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(RunState.Stopped, (await fixture.Silos.Watch(run)).End.State);
    }

    [Fact]
    public async Task DivergingRun_ReportsStepTrainerAndGradient()
    {
        fixture.Calls.Reset();
        var spec = Spec with
        {
            Train = Spec.Train with { ClipNorm = null, Optimizer = new Sgd { Lr = 1e30 } },
        };

        var run = await fixture.Silos.Train(spec);

        Assert.Equal(RunState.Diverged, run.End.State);
        Assert.Matches(@"^step \d+, shard \d: the loss sum is .+; the largest gradient is .+ at .+\[.+\]$", run.End.Message);
        Assert.Contains($"step {run.End.Step + 1},", run.End.Message);
        RunAssert.Journal(run);
        Assert.All(run.StepLosses, loss => Assert.True(double.IsFinite(loss)));
    }

    [Fact]
    public async Task Run_Continues_WhenItsStatusCannotBeWritten_AndItsEndIsWrittenWhenThatIsPossible()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, 3));
        var run = await fixture.Silos.Submit(Spec);
        await halt.Reached;
        var directory = fixture.Silos.Directory(run);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        for (int generation = 1; generation < 100; generation++)
            Obstruct($"{directory.Status}.{generation}.tmp");
        while ((await coordinator.GetStatus()).Warning.Length == 0)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        Assert.Contains("status.json", (await coordinator.GetStatus()).Warning);
        halt.Continue();

        var finished = await fixture.Silos.Watch(run);

        Assert.Equal((RunState.Completed, RunState.Completed), (finished.End.State, finished.Status.State));
        foreach (string obstacle in Directory.EnumerateDirectories(directory.Path, "*.tmp"))
            Directory.Delete(obstacle);
        while (!directory.ReadStatus()!.HasEnded)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        Assert.Equal(RunState.Completed, directory.ReadStatus()!.State);
        Bits.Same(Oracle.Of(Spec).Steps.Select(step => step.Loss), finished.StepLosses);

        // The status may be in the middle of being written: then its temporary file exists, until it is renamed.
        static void Obstruct(string path)
        {
            while (!Directory.Exists(path))
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                try
                {
                    Directory.CreateDirectory(path);
                }
                catch (IOException) when (!Directory.Exists(path))
                {
                }
            }
        }
    }

    [Fact]
    public async Task Events_AreRead_WithAnyArguments()
    {
        fixture.Calls.Reset();
        var run = await fixture.Silos.Train(Spec);
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Status.Id);

        foreach (bool fromFile in new[] { false, true })
        {
            if (fromFile)
                await fixture.Silos.Cluster.DeactivateAsync(coordinator);
            int all = run.Lines.Count;
            await Reads(-5, 10_000, all, all);
            await Reads(long.MinValue, int.MaxValue, all, all);
            await Reads(0, 0, 1, 1);
            await Reads(0, int.MinValue, 1, 1);
            await Reads(all - 2, 1, 1, all - 1);
            await Reads(all - 2, int.MaxValue, 2, all);
            await Reads(all, 10, 0, all);
            await Reads(long.MaxValue, 10, 0, long.MaxValue);
        }

        async Task Reads(long after, int limit, int expected, long last)
        {
            var page = await coordinator.ReadEvents(after, limit);
            Assert.Equal(expected, page.Lines.Count);
            Assert.Equal(last, page.Last);
            int first = (int)Math.Clamp(after, 0, run.Lines.Count);
            Assert.Equal(run.Lines.Skip(first).Take(expected), page.Lines);
        }
    }

    [Theory]
    [InlineData("unknown-1")]
    [InlineData("../../etc")]
    [InlineData("Not An Id")]
    public async Task UnknownRun_IsReportedToTheClient_ByName(string id)
    {
        var coordinator = fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(id);

        Func<Task>[] calls =
            [coordinator.GetStatus, () => coordinator.ReadEvents(0, 10), () => coordinator.StopRun(""), () => coordinator.EnsureRunning()];
        foreach (var call in calls)
            Assert.Equal(id, (await Assert.ThrowsAsync<RunNotFoundException>(call)).Run);
    }
}
