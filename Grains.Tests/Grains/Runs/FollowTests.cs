using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Chaos.Harness;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>A run that waits for rows of its file, and trains on each once.</summary>
public sealed class FollowTests(OneSilo fixture) : FollowedRuns(fixture)
{
    /// <summary>
    /// Whatever lies in the file at a time, and be it half a number: the steps are those of one run over all rows. The pieces end where
    /// rows do, within them, and within the first chunk.
    /// </summary>
    [Theory]
    [InlineData("csv", 5)]
    [InlineData("csv", 41)]
    [InlineData("jsonl", 77)]
    [InlineData("bytes", 7)]
    [InlineData("characters", 7)]
    [InlineData("words", 5)]
    [InlineData("series", 100)]
    public async Task FollowedRun_MakesTheStepsOfOneRunOverAllRows_HoweverTheyCome(string kind, int piece)
    {
        var (spec, parent, all) = await Trained(kind);
        var run = await Fixture.Silos.Submit(Following(parent));

        string rest = GrowingData.Content(spec, MoreRows)[GrowingData.Content(spec, Rows).Length..];
        foreach (char[] text in rest.Chunk(piece))
        {
            await Append(spec, new string(text));
            await Waiting(run, status => status.Step == StepsIn(spec));
        }

        var child = await Stopped(run, all.Status.Step);

        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses));
        Assert.Equal(all.GradientNorms, parent.GradientNorms.Concat(child.GradientNorms));
        await SameResult(all, child);
        RunAssert.IsComputedAgain(child);
    }

    [Fact]
    public async Task FollowedRun_GivesTheSameBits_WhereItIsStoppedAndResumedWhileItWaits()
    {
        var (spec, parent, all) = await Trained("csv");
        var run = await Fixture.Silos.Submit(Following(parent));
        await GrowTo(spec, 80);
        await Waiting(run, status => status.Step == 6);
        await Stopped(run, 6);

        await GrowTo(spec, 83);
        var coordinator = Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        Assert.Equal("", (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current))).Problem);
        await Waiting(run, status => status.Step == 6);
        await GrowTo(spec, MoreRows);
        var child = await Stopped(run, all.Status.Step, ends: 2);

        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses));
        await SameResult(all, child);
    }

    [Fact]
    public async Task FollowedRun_GivesTheSameBits_WhereItsTrainerIsLost()
    {
        var (spec, parent, all) = await Trained("csv");
        Fixture.Calls.Reset();
        bool isLost = false;
        Fixture.Calls.After = call => !isLost && (isLost = call.Is(nameof(ITrainerGrain.TrainChunk), 0, parent.Status.Step + 1))
            ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;
        var run = await Fixture.Silos.Submit(Following(parent));
        await GrowTo(spec, 80);
        await Waiting(run, status => status.Step == 6);
        await GrowTo(spec, MoreRows);
        var child = await Stopped(run, all.Status.Step);

        Assert.True(isLost);
        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses));
        await SameResult(all, child);
    }

    [Fact]
    public async Task AuditOfTheNextStep_IsRefused_WhileTheRunWaits()
    {
        var (_, parent, _) = await Trained("csv");
        var run = await Fixture.Silos.Submit(Following(parent));
        await Waiting(run, status => status.Step == parent.Status.Step);

        var reply = await Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text).AuditNext(new(ProtocolVersion.Current));

        Assert.Matches(
            "^the run follows its file, and its next step is not there yet \\(waits for rows: .*\\); ask again when it is$", reply.Problem);
        Assert.Null(reply.Audited);
        await Stopped(run, parent.Status.Step);
    }

    /// <summary>Those who serve the run's model have the newest one, although the run has no end.</summary>
    [Fact]
    public async Task Model_IsRenewed_WhileTheRunWaits()
    {
        var (spec, parent, all) = await Trained("csv");
        var run = await Fixture.Silos.Submit(Following(parent) with { Checkpoint = new() { EverySteps = 1, EverySeconds = 0 } });
        string package = Fixture.Silos.Directory(run).Package;
        await GrowTo(spec, 80);
        await Package(step: 6);
        await GrowTo(spec, MoreRows);

        var renewed = await Package(all.Status.Step);

        Assert.Equal(ModelPackage.Load(all.Directory.Package, SpecLoader.Reader).Config.Hashes.Weights, renewed.Config.Hashes.Weights);
        await Stopped(run, all.Status.Step);

        Task<ModelPackage> Package(long step) => Wait.For($"the model of step {step}", () =>
        {
            try
            {
                return Task.FromResult(ModelPackage.Load(package, SpecLoader.Reader) is var now && now.Config.Steps == step ? now : null);
            }
            catch (ModelPackageException error)
            {
                throw new NotYetException(error.Message, error);
            }
        });
    }

    /// <summary>It completes with whole chunks alone, so that the run which extends it in its turn has the borders of one run.</summary>
    [Fact]
    public async Task FollowedRun_CompletesWhenNothingComes_AndIsExtended()
    {
        var (spec, parent, all) = await Trained("csv");
        await GrowTo(spec, 80);

        var child = await Fixture.Silos.Train(Following(parent, idleSeconds: 1));
        await GrowTo(spec, MoreRows);
        var grandchild = await Fixture.Silos.Train(GrowingData.Extending(child.Directory) with { Name = "again" });

        Assert.Equal((RunState.Completed, RunState.Completed), (child.End.State, grandchild.End.State));
        Assert.Equal(12, RunJson.ReadData(await Text(child.Directory.Data)).Description!.Training.Steps);
        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses).Concat(grandchild.StepLosses));
        await SameResult(all, grandchild);
    }

    /// <summary>A run may wait for days: it must not write the same state again whenever a checkpoint is due by time.</summary>
    [Fact]
    public async Task FollowedRun_SavesItsStateOnce_WhileItWaits()
    {
        var (spec, parent, _) = await Trained("csv");
        await GrowTo(spec, 80);

        var child = await Fixture.Silos.Train(
            Following(parent, idleSeconds: 1) with { Checkpoint = new() { EverySeconds = 0.001, KeepBest = 0 } });

        // Once while it waited, and once with the end of its epoch.
        var saved = child.Events.OfType<CheckpointWritten>().Where(one => one.Step == child.Status.Step).ToList();
        Assert.InRange(saved.Count, 1, 2);
    }

    [Fact]
    public async Task FollowedRun_Completes_WhereNothingCameAtAll()
    {
        var (_, parent, _) = await Trained("csv");

        var child = await Fixture.Silos.Train(Following(parent, idleSeconds: 1));

        Assert.Equal((RunState.Completed, ""), (child.End.State, child.End.Message));
        Assert.Equal(await Bytes(parent.Directory.Model), await Bytes(child.Directory.Model));
    }

    [Theory]
    [InlineData("shorter", "found 120 bytes, expected at least [0-9]+, which the run has read: the file was cut or replaced; put the file")]
    [InlineData("gone", "found nothing, expected the file that the run reads; put the file")]
    [InlineData("other", "found its first [0-9]+ bytes with SHA-256 [0-9a-f]+, expected [0-9a-f]+, as the run has read them: bytes before "
        + "byte [0-9]+, the beginning of line 82 were rewritten; put the file")]
    [InlineData("malformed", "the rows that were appended cannot be trained on: .*'nonsense'.*d.csv:85")]
    public async Task FollowedRun_Fails_WhereTheFileIsNotWhatItHasRead_AndContinuesWhenItIsAgain(string how, string message)
    {
        var (spec, parent, all) = await Trained("csv");
        var run = await Fixture.Silos.Submit(Following(parent));
        await GrowTo(spec, 80);
        await Waiting(run, status => status.Step == 6);
        string file = GrowingData.FileOf(spec), content = GrowingData.Content(spec, MoreRows);

        // In one move, as programs do that rotate files: between writing and emptying a file it would be looked at.
        string next = file + ".next";
        await File.WriteAllTextAsync(next, how switch
        {
            "shorter" => content[..120],
            "other" => content.Replace("\n0.2", "\n0.3", StringComparison.Ordinal),
            _ => GrowingData.Content(spec, 83) + "nonsense\n" + content,
        }, TestContext.Current.CancellationToken);
        if (how == "gone")
            File.Delete(file);
        else
            File.Move(next, file, overwrite: true);
        var failed = await Fixture.Silos.Watch(run);
        await File.WriteAllTextAsync(next, content, TestContext.Current.CancellationToken);
        File.Move(next, file, overwrite: true);
        var coordinator = Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        Assert.Equal("", (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current))).Problem);
        var child = await Stopped(run, all.Status.Step, ends: 2);

        Assert.Equal(RunState.Failed, failed.End.State);
        Assert.Matches(message, failed.End.Message);
        Assert.Equal(all.StepLosses, parent.StepLosses.Concat(child.StepLosses));
        await SameResult(all, child);
    }

    /// <summary>Of a run that is stopped the file is held to what it has read, too, and not to what it was trained on alone.</summary>
    [Fact]
    public async Task FollowedRun_IsNotResumed_WhereTheFileWasRewritten()
    {
        var (spec, parent, _) = await Trained("csv");
        var run = await Fixture.Silos.Submit(Following(parent));
        await GrowTo(spec, 80);
        await Waiting(run, status => status.Step == 6);
        await Stopped(run, 6);
        string content = GrowingData.Content(spec, MoreRows);
        int last = GrowingData.Content(spec, 79).Length;
        await File.WriteAllTextAsync(
            GrowingData.FileOf(spec), content.Insert(last + "-0.".Length, "9"), TestContext.Current.CancellationToken);

        var coordinator = Fixture.Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current));
        var end = (await Fixture.Silos.Watch(run, ends: 2)).End;

        Assert.Equal(RunState.Failed, end.State);
        Assert.Matches("found its first .* expected .*, as the run has read them", end.Message);
    }
}
