using System.Collections.Concurrent;
using Orleans.Tbptt.Grains.Checkpoints;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;
using static Orleans.Tbptt.Tests.Grains.Checkpoints.CheckpointFixture;

namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

public sealed class CheckpointWriterTests : IAsyncDisposable
{
    private readonly CheckpointFixture _run = new();
    private readonly ConcurrentQueue<WrittenCheckpoint> _written = [];
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly TrainingState _state;
    private readonly CheckpointSchedule _schedule;
    private readonly CheckpointWriter _writer;
    private CheckpointPublisher _publish = rename => rename(1);
    private Func<Task> _flushJournal = () => Task.CompletedTask;
    private Action _beforeWrite = () => { };

    public CheckpointWriterTests()
    {
        _run.Begin(1);
        _state = new(_run.Spec);
        _schedule = new(_run.Spec.Checkpoint, 0, _run.Time);
        var store = new CheckpointStore(_run.Runs, _run.Time) { CreateFile = path => new FailingFile(path, () => _beforeWrite()) };
        _writer = new(store, Run, _run.Spec, _schedule,
            new(rename => _publish(rename), () => _flushJournal(), _written.Enqueue, _failures.Enqueue));
    }

    private IEnumerable<string> Written => _written.Select(one => one.Name.ToString());

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _run.Dispose();
    }

    [Fact]
    public async Task Checkpoint_IsOfTheMomentItWasSubmitted()
    {
        var journal = HoldJournal();
        Submit();
        await journal.Reached;
        States.Advance(_state, 5);
        journal.Release();

        Assert.Null(await _writer.Flush());

        Assert.Equal(["1-1"], Written);
        _run.AssertRestores("1-1", 1);
    }

    [Fact]
    public async Task WhileOneIsWritten_TheLatestAndTheBestWait_AndTheWriterIsNotFree()
    {
        Assert.True(_writer.IsFree);
        var journal = HoldJournal();
        Submit();
        await journal.Reached;
        Assert.False(_writer.IsFree);

        Submit();
        Submit(best: 0.5);
        Submit();
        Submit();
        Assert.Empty(_written);
        journal.Release();
        Assert.Null(await _writer.Flush());

        Assert.True(_writer.IsFree);
        Assert.Equal(["1-1", "1-3", "1-5"], Written);
        _run.AssertRestores("1-5", 5);
    }

    [Fact]
    public async Task Checkpoint_DoesNotCount_BeforeTheJournalIsOnTheDisk()
    {
        var journal = HoldJournal();
        Submit();
        await journal.Reached;

        Assert.Empty(_run.Candidates);
        journal.Release();
        await _writer.Flush();
        Assert.Equal(["1-1"], _run.Candidates);
    }

    [Fact]
    public async Task Checkpoint_IsGivenUp_WhenTheJournalCannotBeWritten()
    {
        _flushJournal = () => Task.FromException(new IOException("no space left on device"));
        Submit();

        Assert.Contains("no space left on device", await _writer.Flush());
        Assert.Empty(_run.Entries);
        Assert.Single(_failures);
    }

    [Fact]
    public async Task Failure_IsReportedWithDirectoryAndSize_AndTheNextTryComesAfterAPause()
    {
        _beforeWrite = () => throw new IOException("no space left on device");
        Submit();
        await _writer.Drained();
        Assert.Equal(
            $"the checkpoint of step 1 cannot be written into {_run.Root}, which takes {Bytes():N0} bytes and more: no space left " +
            "on device; " +
            "the run continues, and the next attempt follows in 5 s",
            Assert.Single(_failures));
        Assert.Empty(_run.Entries);
        Assert.True(_writer.IsFree);

        _beforeWrite = () => { };
        Submit();
        await _writer.Drained();
        Assert.Empty(_written);

        _run.Time.Advance(TimeSpan.FromSeconds(5));
        Submit();
        await _writer.Drained();
        Submit();
        await _writer.Drained();
        Assert.Equal(["1-3", "1-4"], Written);
        Assert.Equal([true, false], _written.Select(one => one.WorksAgain));
        Assert.Single(_failures);
    }

    [Fact]
    public async Task BestThatFailed_IsWritten_WhenThePauseIsOver()
    {
        _beforeWrite = () => throw new IOException("no space left on device");
        Submit(best: 0.5);
        await _writer.Drained();
        _beforeWrite = () => { };
        _run.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(_schedule.IsDue(2, _writer.IsFree));
        Submit();

        await _writer.Drained();

        Assert.Equal(["1-1", "1-2"], Written);
    }

    [Fact]
    public async Task Flush_DoesNotWaitForThePause_AndReportsWhatIsNotOnTheDisk()
    {
        _beforeWrite = () => throw new IOException("no space left on device");
        Submit(best: 0.5);
        await _writer.Drained();
        Submit();

        Assert.Contains("step 2 cannot be written", await _writer.Flush());
        Assert.Equal(3, _failures.Count);
        _beforeWrite = () => { };
        Submit();
        Assert.Null(await _writer.Flush());

        Assert.Equal(["1-1", "1-3"], Written);
    }

    [Fact]
    public async Task ReplacedCoordinator_WritesNoMore_AndRaisesNoAlarm()
    {
        _publish = _ => throw new IOException("another coordinator has taken the run over");
        Submit();
        Assert.Contains("another coordinator", await _writer.Flush());

        _publish = rename => rename(1);
        Submit();
        await _writer.Flush();

        Assert.Empty(_failures);
        Assert.Empty(_written);
        Assert.Empty(_run.Entries);
    }

    [Fact]
    public async Task OldOnes_AreRemoved_AfterEachWrite()
    {
        for (int i = 0; i < 6; i++)
        {
            Submit();
            Assert.Null(await _writer.Flush());
        }

        Assert.Equal(["1-4", "1-5", "1-6"], _run.Entries);
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task Dispose_FinishesTheOneInHand_AndGivesUpWhatWaits()
    {
        var journal = HoldJournal();
        Submit();
        await journal.Reached;
        Submit();
        var disposing = _writer.DisposeAsync();
        Assert.False(disposing.IsCompleted);
        journal.Release();
        await disposing;

        Submit();
        Assert.Equal(["1-1"], Written);
        Assert.Equal(["1-1"], _run.Entries);
    }

    private long Bytes() => sizeof(float) * (3L * _state.Parameters.Length + _state.Hidden.Length);

    private void Submit(double? best = null)
    {
        States.Advance(_state, 1);
        _writer.Submit(_state, About(bestLoss: best));
    }

    /// <summary>Holds the writer up where it waits for the journal.</summary>
    private (Task Reached, Action Release) HoldJournal()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _flushJournal = () =>
        {
            reached.TrySetResult();
            return release.Task;
        };
        return (reached.Task, () => release.TrySetResult());
    }
}
