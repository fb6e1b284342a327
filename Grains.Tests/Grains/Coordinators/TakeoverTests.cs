using Orleans.Tbptt.Grains.Coordinators;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Grains.Store.Checkpoints;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Coordinators;

public sealed class TakeoverTests : IAsyncDisposable
{
    private static readonly RunSpec Spec = States.Spec();
    private readonly CheckpointFixture _run = new(Spec);
    private readonly List<Takeover> _takeovers = [];

    public TakeoverTests() => _run.Runs.Create(Spec, Status());

    private static RunId Run => CheckpointFixture.Run;

    private RunDirectory Directory => _run.Runs.Of(Run);

    public async ValueTask DisposeAsync()
    {
        foreach (var takeover in _takeovers)
            await takeover.Progress.Journal.DisposeAsync();
        _run.Dispose();
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
    public void Run_BeginsWithItsInitialState_AndTellsNothingTwice_WhenItsCoordinatorDiedBeforeTheFirstCheckpoint()
    {
        _run.Begin(1);
        Tell(Step(1), Step(2), Step(3));

        var takeover = Begin(Status() with { Step = 3, Epoch = 2, EpochStep = 3, SequenceSteps = 99, EpochLosses = [1], Loss = 1, Generation = 1 });

        Assert.Null(takeover.Problem);
        var status = takeover.Progress.Snapshot();
        Assert.Equal((2, 0L, 1, 0L, 0L, 3L), (status.Generation, status.Step, status.Epoch, status.EpochStep, status.SequenceSteps, status.LastEvent));
        Assert.Empty(status.EpochLosses);
        Assert.False(takeover.Progress.IsNew);
    }

    [Fact]
    public void Run_GoesOnFromItsNewestCheckpoint()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Save(1, 8, lastEvent: 8);
        Tell(Steps(10));

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
    public void Run_GoesOnFromTheCheckpointBefore_AndSaysSo_WhenTheNewestIsDamaged()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Save(1, 8, lastEvent: 8);
        Tell(Steps(10));
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
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Save(1, 8, lastEvent: 8);
        Tell(Steps(10));
        Damage("1-4");
        Damage("1-8");

        var takeover = Begin();
        var resumed = Begin(request: new());
        var again = Begin(request: new(FromStart: true));

        Assert.Matches("^none of its checkpoints is whole: checkpoint 1-8: .*; checkpoint 1-4: .*; put one back .*--from-start", takeover.Problem);
        Assert.Equal(takeover.Problem, resumed.Problem);
        Assert.Equal(2, takeover.PassedOver.Count);
        Assert.Null(again.Problem);
        Assert.Null(again.Restored);
        Assert.Equal(takeover.PassedOver, again.PassedOver);
        Assert.Equal((0L, 10L), (again.Progress.Snapshot().Step, again.Progress.Snapshot().LastEvent));
    }

    [Fact]
    public void Run_DoesNotBeginAgainByItself_WhenItsCheckpointsAreGone()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Tell(Steps(5));
        _run.Begin(2);
        System.IO.Directory.Delete(_run.Root, recursive: true);

        Assert.Contains("checkpoint 1-4: found no such directory", Begin().Problem);
        Assert.Null(Begin(request: new(FromStart: true)).Problem);
    }

    [Theory]
    [InlineData(6, true)]
    [InlineData(7, false)]
    [InlineData(8, false)]
    public void Run_DoesNotGoOn_WithAJournalThatEndsBeforeItsCheckpoint(int events, bool refused)
    {
        _run.Begin(1);
        Save(1, 8, lastEvent: 7);
        Tell(Steps(events));
        File.AppendAllText(Directory.Metrics, "{\"type\":\"step\",\"num");

        var takeover = Begin();

        Assert.Equal(refused ? "metrics.jsonl ends at event 6, but checkpoint 1-8 was taken after event 7: somebody has shortened it" : null, takeover.Problem);
        Assert.Equal(events, takeover.Progress.Journal.Last);
    }

    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(1, 1, true)]
    [InlineData(3, 1, true)]
    [InlineData(1, 2, false)]
    public void EndInTheJournal_IsTheRuns_UnlessTheStatusIsNewer(int generation, int statusGeneration, bool taken)
    {
        // A run that was stopped and resumed has a newer status than its former end, which may still be the last event.
        _run.Begin(3);
        Tell(Step(1), End(generation));

        var takeover = Begin(Status() with { State = RunState.Running, Generation = statusGeneration });

        Assert.Equal(taken ? "its own words" : null, takeover.End?.Message);
        Assert.Null(takeover.Problem);
        Assert.Equal(4, takeover.Fence.Generation);
    }

    [Fact]
    public void EndInTheJournal_IsNotTheRuns_WhenSomebodyResumesIt()
    {
        _run.Begin(1);
        Tell(Step(1), End(1));

        Assert.Null(Begin(Status() with { Generation = 1 }, new()).End);
    }

    [Fact]
    public void EndInTheJournal_IsNotTheRuns_WhenAnythingFollowsIt()
    {
        _run.Begin(2);
        Tell(Step(1), End(1), Step(2));

        Assert.Null(Begin(Status() with { Generation = 1 }).End);
    }

    [Fact]
    public async Task OtherTrainers_AreWrittenDown_AndWhatWasToldStaysTold()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Tell(Steps(9));

        var takeover = Begin(request: new(Trainers: 3));
        takeover.Progress.Warn("next");
        await takeover.Progress.Journal.Flush();

        Assert.Null(takeover.Problem);
        Assert.Equal((3, 4L), (takeover.Spec!.Train.Trainers, takeover.Restored!.Snapshot.Step));
        Assert.Equal(takeover.Spec, _run.Runs.ReadSpec(Run));
        Assert.False(takeover.Progress.IsNew);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], JournalFile.Lines(Directory.Metrics).Select(line => RunJson.ReadEvent(line).Number));
        Assert.Equal("next", ((RunWarning)RunJson.ReadEvent(JournalFile.Lines(Directory.Metrics).Last())).Message);

        // Lost before its first checkpoint: the next coordinator finds the same.
        var next = Begin();
        Assert.Equal((3, 10L, false), (next.Spec!.Train.Trainers, next.Progress.Journal.Last, next.Progress.IsNew));
    }

    [Fact]
    public void OtherTrainers_AreNotWrittenDown_WhenTheRunCannotGoOn()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Tell(Steps(9));
        File.Delete(Path.Combine(_run.DirectoryOf("1-4"), "model.safetensors"));

        var refused = Begin(request: new(Trainers: 3));

        Assert.NotNull(refused.Problem);
        Assert.Equal(Spec, _run.Runs.ReadSpec(Run));
    }

    [Fact]
    public void Run_DoesNotGoOn_WithADamagedJournal_AndSaysWhere()
    {
        _run.Begin(1);
        Tell(Step(1));
        File.AppendAllText(Directory.Metrics, "\0\0\0\n" + RunJson.Write(Step(3)) + "\n");

        Assert.Contains("metrics.jsonl: line 2 is no event", Begin().Problem);
    }

    [Fact]
    public void SameTrainers_ChangeNothing()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Tell(Steps(9));
        File.AppendAllText(Directory.Spec, "# somebody's remark\n");

        var takeover = Begin(request: new(Trainers: Spec.Train.Trainers));

        Assert.Equal((Spec, 9L, false), (takeover.Spec, takeover.Progress.Journal.Last, takeover.Progress.IsNew));
        Assert.EndsWith("# somebody's remark\n", File.ReadAllText(Directory.Spec));
    }

    [Fact]
    public void Run_DoesNotGoOn_WithASpecThatIsNone()
    {
        _run.Begin(1);
        Save(1, 4, lastEvent: 4);
        Tell(Steps(9));
        File.WriteAllText(Directory.Spec, "name: [");

        var takeover = Begin();

        Assert.Null(takeover.Spec);
        Assert.StartsWith($"{Directory.Spec}: ", takeover.Problem);
        Assert.Equal(9, takeover.Progress.Journal.Last);
    }

    [Fact]
    public void WhoHadTheRunBefore_IsFencedOff_AndWhatItLeftUnfinishedIsGone()
    {
        var former = new RunFence(_run.Runs, Run);
        System.IO.Directory.CreateDirectory(_run.DirectoryOf(".1-9.tmp"));
        File.WriteAllText(Directory.Status + former.Unfinished, "");

        var takeover = Begin();

        Assert.Equal(2, takeover.Fence.Generation);
        Assert.True(takeover.Fence.IsInForce);
        Assert.Throws<SupersededException>(former.Ensure);
        Assert.Throws<SupersededException>(former.TakeNext);
        Assert.Empty(_run.Entries);
        Assert.Empty(System.IO.Directory.EnumerateFiles(Directory.Path, "*.tmp"));
    }

    private Takeover Begin(RunStatus? status = null, ResumeRequest? request = null)
    {
        // Neither data nor other grains are needed to take a run over.
        var services = new RunServices(_run.Runs, _run.Store, null!, null!, null!, null!, null!, _run.Time, null!);
        var takeover = Takeover.Begin(services, status ?? Status(), request);
        _takeovers.Add(takeover);
        return takeover;
    }

    private static RunStatus Status() => new() { Id = Run.Text, Name = Spec.Name, State = RunState.Starting, Epochs = 9 };

    private void Save(int generation, int steps, long lastEvent) => _run.Store.Write(
        Run, Spec, _run.Snapshot(steps), CheckpointFixture.About(generation, lastEvent: lastEvent), () => { }, rename => rename(generation));

    private void Damage(string checkpoint)
    {
        using var file = new FileStream(Path.Combine(_run.DirectoryOf(checkpoint), "hidden.safetensors"), FileMode.Open);
        file.SetLength(file.Length - 1);
    }

    private void Tell(params RunEvent[] events) =>
        File.WriteAllText(Directory.Metrics, string.Concat(events.Select((one, index) => RunJson.Write(one with { Number = index + 1 }) + "\n")));

    private static RunEvent[] Steps(int count) => [.. Enumerable.Range(1, count).Select(step => Step(step))];

    private static StepCommitted Step(long step) =>
        new() { Generation = 1, Step = step, Epoch = 1, Loss = 1, GradientNorm = 1, LearningRate = 1, Weight = 1, Seconds = 1 };

    private static RunEnded End(int generation) =>
        new() { Generation = generation, State = RunState.Diverged, Message = "its own words", Step = 1, Seconds = 1 };
}
