using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Grains.Checkpoints;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>
/// A coordinator's takeover of a run: which state it continues from, under which spec, and what becomes of the coordinator before it.
/// </summary>
public sealed class TakeoverTests : TakeoverTest
{
    [Fact]
    public void CleanStep_IsNotAfterTheCheckpoint()
    {
        Leave(steps: 4, checkpoints: 2);

        var audited = Status() with { Audit = new() { Steps = 4, CleanStep = 4 } };

        Assert.Equal((2, 4), (Begin(audited).Progress.Snapshot().Audit!.CleanStep, Begin(audited).Progress.Snapshot().Audit!.Steps));
    }

    [Fact]
    public void Run_BeginsWithItsInitialState_WhenNothingWasSaved()
    {
        var takeover = Begin();

        Assert.Equal((Spec, 1), (takeover.Spec, takeover.Fence.Generation));
        Assert.Null(takeover.Problem);
        Assert.Null(takeover.Restored);
        Assert.Null(takeover.End);
        Assert.Empty(takeover.PassedOver);
        var status = takeover.Progress.Snapshot();
        Assert.Equal((1, 0L, 1, 0L, null), (status.Generation, status.Step, status.Epoch, status.LastEvent, status.CheckpointStep));
        Assert.True(takeover.Progress.IsNew);
    }

    [Fact]
    public void Run_BeginsWithItsInitialState_AndReportsNothingTwice_WhenItsCoordinatorDiedBeforeTheFirstCheckpoint()
    {
        Saved.Begin(1);
        Report(Step(1), Step(2), Step(3));

        var takeover =
            Begin(Status() with { Step = 3, Epoch = 2, EpochStep = 3, SequenceSteps = 99, EpochLosses = [1], Loss = 1, Generation = 1 });

        Assert.Null(takeover.Problem);
        var status = takeover.Progress.Snapshot();
        Assert.Equal((2, 0L, 1, 0L, 0L, 3L),
            (status.Generation, status.Step, status.Epoch, status.EpochStep, status.SequenceSteps, status.LastEvent));
        Assert.Empty(status.EpochLosses);
        Assert.False(takeover.Progress.IsNew);
    }

    [Fact]
    public void Run_ContinuesFromItsNewestCheckpoint()
    {
        Leave(steps: 10, 4, 8);

        var takeover = Begin(Status() with { Step = 10, Generation = 1 });

        Assert.Null(takeover.Problem);
        Assert.Empty(takeover.PassedOver);
        Assert.Equal("1-8", takeover.Restored!.Name.ToString());
        var state = new TrainingState(Spec);
        state.Restore(takeover.Restored.Snapshot);
        States.AssertSame(States.After(Spec, 8), state);
        var (status, about) = (takeover.Progress.Snapshot(), CheckpointFixture.About());
        Assert.Equal((2, 8L, 8L, 10L), (status.Generation, status.Step, status.CheckpointStep, status.LastEvent));
        Assert.Equal((about.Epoch + 1, about.Chunk, about.SequenceSteps), (status.Epoch, status.EpochStep, status.SequenceSteps));
        Assert.Equal(about.EpochLosses, status.EpochLosses);
        Assert.Equal(about.Metrics, status.Metrics);
        Assert.False(takeover.Progress.IsNew);
    }

    [Fact]
    public void Run_ContinuesFromTheCheckpointBefore_AndSaysSo_WhenTheNewestIsDamaged()
    {
        Leave(steps: 10, 4, 8);
        Damage("1-8");

        var takeover = Begin();

        Assert.Null(takeover.Problem);
        Assert.Equal("1-4", takeover.Restored!.Name.ToString());
        Assert.Matches("^checkpoint 1-8: hidden.safetensors: found .*, expected ", Assert.Single(takeover.PassedOver));
        Assert.Equal(10, takeover.Progress.Journal.Last);
    }

    [Fact]
    public void Run_DoesNotBeginAgainByItself_WhenAllCheckpointsAreDamaged()
    {
        Leave(steps: 10, 4, 8);
        Damage("1-4");
        Damage("1-8");

        var takeover = Begin();
        var resumed = Begin(request: new());
        var again = Begin(request: new(FromStart: true));

        Assert.Matches("^none of its checkpoints can be used: checkpoint 1-8: .*; checkpoint 1-4: .*; put one back .*--from-start",
            takeover.Problem);
        Assert.Equal(takeover.Problem, resumed.Problem);
        Assert.Equal(2, takeover.PassedOver.Count);
        Assert.Null(again.Problem);
        Assert.Null(again.Restored);
        Assert.Equal(takeover.PassedOver, again.PassedOver);
        Assert.Equal((0L, 10L), (again.Progress.Snapshot().Step, again.Progress.Snapshot().LastEvent));
    }

    [Fact]
    public void RenamedCheckpoint_IsUsed_WhenThereIsNoOther()
    {
        Leave(steps: 9, 4, 8);
        System.IO.Directory.Move(Saved.DirectoryOf("1-4"), Saved.DirectoryOf("older"));
        System.IO.Directory.Move(Saved.DirectoryOf("1-8"), Saved.DirectoryOf("mine"));

        var takeover = Begin();

        Assert.Null(takeover.Problem);
        Assert.Equal(("2-8", 8L), ($"{takeover.Restored!.Name}", takeover.Restored.State.Step));
        Assert.Matches("^checkpoint 1-8: found its files in .*/mine, expected them in directory 1-8", takeover.PassedOver[0]);
        Assert.Equal("2-8", $"{Begin().Restored!.Name}");
    }

    [Fact]
    public void RenamedCheckpoint_StaysAsItIs_WhenItIsDamaged_AndTheRunDoesNotBeginAgain()
    {
        Leave(steps: 9, 4);
        Damage("1-4");
        System.IO.Directory.Move(Saved.DirectoryOf("1-4"), Saved.DirectoryOf("mine"));

        Assert.Matches("^none of its checkpoints can be used: checkpoint 1-4: found its files in .*/mine", Begin().Problem);
        Assert.True(System.IO.Directory.Exists(Saved.DirectoryOf("mine")));
    }

    [Fact]
    public void Run_ContinuesFromTheCheckpointBefore_AndSaysSo_WhenTheNewestWasRenamed()
    {
        Leave(steps: 10, 4, 8);
        System.IO.Directory.Move(Saved.DirectoryOf("1-8"), Saved.DirectoryOf("1-8.old"));

        var takeover = Begin();

        Assert.Equal("1-4", $"{takeover.Restored!.Name}");
        Assert.Matches("^checkpoint 1-8: found its files in .*/1-8.old, expected", Assert.Single(takeover.PassedOver));
    }

    [Fact]
    public void Run_DoesNotContinue_WithoutItsSpec_AndSaysWhere()
    {
        Leave(steps: 5, 4);
        File.Move(Directory.Spec, Directory.Spec + ".old");

        var takeover = Begin(Status() with { Step = 5 });

        Assert.StartsWith($"found no {Directory.Spec}, expected the run's spec; put it back", takeover.Problem, StringComparison.Ordinal);
        Assert.Equal(takeover.Problem, ResumeCheck.RefusalOf(Saved.Runs, Run, trainers: 1));
        Assert.Equal(5, takeover.Progress.Snapshot().Step);

        File.Move(Directory.Spec + ".old", Directory.Spec);
        Assert.Null(Begin().Problem);
    }

    [Fact]
    public void Trainers_AreRefused_WhereAMessageOrABufferOfOneWouldBeTooLarge()
    {
        var data = Spec.Data with { BatchSize = 300_000 };
        var large = Spec with
        {
            Data = data, Model = Spec.Model with { HiddenSize = 500, Layers = 1 },
            Train = Spec.Train with { Shards = 4, Trainers = 4, Sync = new() { Mode = SyncMode.Local, Chunks = 5, Outer = new() } },
        };

        Assert.Null(ResumeCheck.RefusalOf(Saved.Runs, Run, trainers: 4, large));
        Assert.Contains(
            "expected at most 264241152 values together, the limit of one message",
            ResumeCheck.RefusalOf(Saved.Runs, Run, trainers: 1, large), StringComparison.Ordinal);
        Assert.StartsWith(
            "trainers: found 1: ", ResumeCheck.RefusalOf(Saved.Runs, Run, trainers: 1, large), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DoesNotBeginAgainByItself_WhenItsCheckpointsAreGone()
    {
        Leave(steps: 5, 4);
        Saved.Begin(2);
        System.IO.Directory.Delete(Saved.Root, recursive: true);

        Assert.Contains("checkpoint 1-4: found no such directory", Begin().Problem);
        Assert.Null(Begin(request: new(FromStart: true)).Problem);
    }

    [Fact]
    public async Task OtherTrainers_AreWrittenDown_AndWhatWasPublishedStaysPublished()
    {
        Leave(steps: 9, 4);

        var takeover = Begin(request: new(Trainers: 3));
        takeover.Progress.Warn("next");
        await takeover.Progress.Journal.Flush();

        Assert.Null(takeover.Problem);
        Assert.Equal((3, 4L), (takeover.Spec!.Train.Trainers, takeover.Restored!.Snapshot.Step));
        Assert.Equal(takeover.Spec, Saved.Runs.ReadSpec(Run));
        Assert.False(takeover.Progress.IsNew);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], JournalLines.In(Directory.Metrics).Select(line => RunJson.ReadEvent(line).Number));
        Assert.Equal("next", ((RunWarning)RunJson.ReadEvent(JournalLines.In(Directory.Metrics).Last())).Message);

        // Lost before its first checkpoint: the next coordinator finds the same.
        var next = Begin();
        Assert.Equal((3, 10L, false), (next.Spec!.Train.Trainers, next.Progress.Journal.Last, next.Progress.IsNew));
    }

    [Fact]
    public void OtherTrainers_AreNotWrittenDown_WhenTheRunCannotContinue()
    {
        Leave(steps: 9, 4);
        File.Delete(Path.Combine(Saved.DirectoryOf("1-4"), "model.safetensors"));

        var refused = Begin(request: new(Trainers: 3));

        Assert.NotNull(refused.Problem);
        Assert.Equal(Spec, Saved.Runs.ReadSpec(Run));
    }

    [Fact]
    public void SameTrainers_ChangeNothing()
    {
        Leave(steps: 9, 4);
        File.AppendAllText(Directory.Spec, "# somebody's remark\n");

        var takeover = Begin(request: new(Trainers: Spec.Train.Trainers));

        Assert.Equal((Spec, 9L, false), (takeover.Spec, takeover.Progress.Journal.Last, takeover.Progress.IsNew));
        Assert.EndsWith("# somebody's remark\n", File.ReadAllText(Directory.Spec));
    }

    [Fact]
    public void Fork_DoesNotBeginWithAFirstStateOfItsOwn_WhenItsFileIsDamaged()
    {
        File.WriteAllText(Directory.Fork, "{");

        string known = Begin(Status() with { Fork = new("parent", 4, []) }, new(FromStart: true)).Problem!;
        string unknown = Begin(request: new(FromStart: true)).Problem!;

        Assert.StartsWith("none of its checkpoints can be used, of which the first has the state of run parent at step 4: ", known,
            StringComparison.Ordinal);
        Assert.StartsWith($"{Directory.Fork}: found text that does not say with which state of which run this one began, ", unknown,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DoesNotContinue_WithASpecThatIsNone()
    {
        Leave(steps: 9, 4);
        File.WriteAllText(Directory.Spec, "name: [");

        var takeover = Begin();

        Assert.Null(takeover.Spec);
        Assert.StartsWith($"{Directory.Spec}: ", takeover.Problem);
        Assert.Equal(9, takeover.Progress.Journal.Last);
    }

    [Fact]
    public void WhoHadTheRunBefore_IsFencedOff_AndWhatItLeftUnfinishedIsGone()
    {
        var former = new RunFence(Saved.Runs, Run);
        System.IO.Directory.CreateDirectory(Saved.DirectoryOf(".1-9.tmp"));
        File.WriteAllText(Directory.Status + former.Unfinished, "");

        var takeover = Begin();

        Assert.Equal(2, takeover.Fence.Generation);
        Assert.True(takeover.Fence.IsInForce);
        Assert.Throws<SupersededException>(former.Ensure);
        Assert.Throws<SupersededException>(former.TakeNext);
        Assert.Empty(Saved.Entries);
        Assert.Empty(System.IO.Directory.EnumerateFiles(Directory.Path, "*.tmp"));
    }
}
