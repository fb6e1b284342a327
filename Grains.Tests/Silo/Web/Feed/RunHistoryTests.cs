using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Tests.Silo.Web.Feed;

public sealed class RunHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private readonly RunHistory _history = new(clipNorm: null);
    private int _number;

    [Fact]
    public void Recovery_IsAnInterruptionOfTheTrainersThatWereLost()
    {
        Report(Started());
        Report(new TrainersRecovered { Step = 7, Trainers = [2], Reason = "silo-3 was lost", Seconds = 0.5 });

        var lost = Assert.Single(_history.Interruptions);
        Assert.Equal((InterruptionKind.Recovery, 7, TimeSpan.FromSeconds(0.5), true), (lost.Kind, (int)lost.Step, lost.Took, lost.IsLoss));
        Assert.Equal([2], lost.Trainers);
    }

    [Fact]
    public void Start_IsATakeover_UnlessSomebodyPausedOrEndedTheRun()
    {
        Report(Started());
        Report(Started());
        Report(new RunPaused { Step = 3, Reason = "lunch" });
        Report(Started());
        Report(new RunEnded { State = RunState.Stopped, Message = "", Step = 3, Seconds = 1 });
        Assert.NotNull(_history.Ended);
        Report(Started());

        Assert.Equal([InterruptionKind.Takeover, InterruptionKind.Pause, InterruptionKind.Pause],
            _history.Interruptions.Select(one => one.Kind));
        Assert.Null(_history.Ended);
        Assert.Equal(1, _history.Started!.Number);
    }

    [Fact]
    public void Start_AfterAHandover_IsNoLoss()
    {
        Report(Started());
        Report(new RunHandedOver { Step = 3, Reason = "its silo is about to end" });
        Report(Started() with { Step = 3 });

        var handover = Assert.Single(_history.Interruptions);
        Assert.Equal((InterruptionKind.Handover, false, "its silo is about to end"), (handover.Kind, handover.IsLoss, handover.Reason));

        Report(new RunHandedOver { Step = 9, Reason = "its silo is about to end, and its disk is full" });
        Report(Started() with { Step = 3 });
        Assert.True(_history.Interruptions[^1].IsLoss);
    }

    [Fact]
    public void Columns_ReportOnlyTheEpochsThatRowsLeftOutHaveNotReported()
    {
        Report(Started());
        for (int epoch = 1; epoch <= 3; epoch++)
        {
            Report(Step(2 * epoch - 1));
            Report(Step(2 * epoch));
            Report(new EpochFinished { Epoch = epoch, Step = 2 * epoch, Loss = epoch, Seconds = 1 });
        }

        Assert.Equal([1, 2, 3], StepColumns.Of(_history).Epochs.Select(epoch => epoch.Epoch));
        // Who has seen the second epoch's last step may not have seen its end.
        long lastOfTheSecond = 1 + 3 + 2;
        Assert.Equal([2, 3], StepColumns.Of(_history, lastOfTheSecond).Epochs.Select(epoch => epoch.Epoch));
        Assert.Equal([3], StepColumns.Of(_history, _history.Number).Epochs.Select(epoch => epoch.Epoch));
    }

    [Fact]
    public void Course_KeepsTheNewest_OfWhatThereMayBeAnyNumber()
    {
        for (int i = 1; i <= 300; i++)
            Report(new CheckpointWritten { Step = i, Name = $"1-{i}", Bytes = 1, Seconds = 0 });

        Assert.Equal((300, 100, "1-300"), (_history.CheckpointsWritten, _history.Checkpoints.Count, _history.Checkpoints[^1].Name));
    }

    private static StepCommitted Step(long step) => new()
    {
        Step = step, Epoch = 1, Loss = 1, GradientNorm = 1, LearningRate = 1, Weight = 1, Seconds = 1,
    };

    private static RunStarted Started() => new()
    {
        Run = "wave-1", Name = "wave", Epochs = 1, StepsPerEpoch = 10, Trainers = 1, Lanes = 1, Parameters = 1, Directory = "/runs/wave-1",
    };

    private void Report(RunEvent one) => _history.Add(one with { Number = ++_number, Time = Start.AddSeconds(_number) });
}
