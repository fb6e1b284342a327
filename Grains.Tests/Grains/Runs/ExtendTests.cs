using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A run that begins where another one has ended, on data that grew.</summary>
public sealed class ExtendTests(OneSilo fixture) : IClassFixture<OneSilo>, IDisposable
{
    private const int Rows = 61;
    private const int MoreRows = 95;
    private readonly GrowingData _data = new();

    public void Dispose() => _data.Dispose();

    /// <summary>
    /// The parent's last chunk is whole, and nothing is scaled: its steps and those of the run that extends it are those of one run over
    /// all the data.
    /// </summary>
    [Theory]
    [InlineData("csv", 1)]
    [InlineData("jsonl", 1)]
    [InlineData("bytes", 1)]
    [InlineData("series", 1)]
    [InlineData("series", 3)]
    public async Task ExtendedRun_EndsAsARunOverAllTheData(string kind, int trainers)
    {
        RunSpec spec = _data.Spec(kind, trainers);
        GrowingData.Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec);
        GrowingData.Write(spec, MoreRows);

        var child = await fixture.Silos.Train(GrowingData.Extending(parent.Directory));
        var all = await fixture.Silos.Train(spec);

        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses));
        Assert.Equal(Enumerable.Range(1, (int)all.Status.Step), Steps(parent).Concat(Steps(child)));
        Assert.Equal((parent.Status.Step, all.Status.Step), (child.Status.StepsBefore, child.Status.Step));
        foreach (Func<RunDirectory, string> file in new Func<RunDirectory, string>[] { run => run.Model, run => run.Hidden })
            Assert.Equal(await Read(file(all.Directory)), await Read(file(child.Directory)));
        RunAssert.IsComputedAgain(child);
    }

    [Fact]
    public async Task ExtendedRun_GivesTheSameBits_WhereItWasInterrupted()
    {
        RunSpec spec = _data.Spec("series", trainers: 3);
        GrowingData.Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec);
        GrowingData.Write(spec, MoreRows);
        RunSpec extending = GrowingData.Extending(parent.Directory);
        var undisturbed = await fixture.Silos.Train(extending);

        var (run, coordinator) = await fixture.InterruptedAt(
            extending, nameof(ITrainerGrain.TrainChunk), parent.Status.Step + 1, grain => grain.StopRun("enough"));
        var resumed = await fixture.Resume(run, coordinator, ends: 2);
        var repeated = await fixture.TrainLosing(
            extending, afterTheWork: true, [1], call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, parent.Status.Step));

        foreach (var one in new[] { resumed, repeated })
        {
            Assert.Equal(RunState.Completed, one.End.State);
            Assert.Equal(await Read(undisturbed.Directory.Model), await Read(one.Directory.Model));
            Assert.Equal(await Read(undisturbed.Directory.Hidden), await Read(one.Directory.Hidden));
        }
    }

    [Fact]
    public async Task ReplayedChunks_AreTrainedForSeveralEpochs()
    {
        RunSpec spec = _data.Spec("csv", trainers: 1);
        GrowingData.Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec with { Data = spec.Data with { BatchSize = 4 } });
        GrowingData.Write(spec, MoreRows);
        RunSpec extending = GrowingData.Extending(parent.Directory);
        extending = extending with
        {
            Extends = extending.Extends! with { Replay = 2 },
            Data = extending.Data with { BatchSize = 3 },
            Train = extending.Train with { Epochs = 2, Trainers = 2 },
        };

        var child = await fixture.Silos.Train(extending);

        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
        Assert.Equal(2, child.EpochLosses.Length);
        Assert.All(child.StepLosses, loss => Assert.True(double.IsFinite(loss)));
    }

    [Fact]
    public async Task Run_Fails_WhereTheCheckpointThatItBeginsWithIsDamaged()
    {
        RunSpec spec = _data.Spec("csv", trainers: 1);
        GrowingData.Write(spec, Rows);
        var parent = await fixture.Silos.Train(spec);
        GrowingData.Write(spec, MoreRows);
        RunSpec extending = GrowingData.Extending(parent.Directory);
        string optimizer = Path.Combine(extending.Extends!.Checkpoint, "optimizer.safetensors");
        byte[] content = await Read(optimizer);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(optimizer, content, TestContext.Current.CancellationToken);

        var end = (await fixture.Silos.Train(extending)).End;

        Assert.Equal(RunState.Failed, end.State);
        Assert.Matches($"^{extending.Extends.Checkpoint}, which the run begins with: optimizer.safetensors: found content of checksum .*; "
            + "put it back and resume the run, or extend again$", end.Message);
    }

    /// <summary>Its last epoch is worse than the one before, and so it is none of those that are kept as the best.</summary>
    [Fact]
    public async Task CompletedRun_HasACheckpointOfItsEnd_WhateverItsLastLoss()
    {
        RunSpec spec = _data.Spec("csv", trainers: 1);
        GrowingData.Write(spec, Rows);
        spec = spec with
        {
            Train = spec.Train with { Epochs = 3, Optimizer = new Sgd { Lr = 0.9 }, Schedule = new ConstantSchedule() },
            Checkpoint = new() { EverySeconds = 0, KeepBest = 0 },
        };

        var run = await fixture.Silos.Train(spec);

        Assert.Equal($"1-{run.Status.Step}", Path.GetFileName(run.Directory.NewestCheckpoint));
    }

    private static IEnumerable<int> Steps(FinishedRun run) => run.Events.OfType<StepCommitted>().Select(step => (int)step.Step);

    private static Task<byte[]> Read(string file) => File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
}
