using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class PlainViewTests : IDisposable
{
    private static readonly Metric[] Metrics =
    [
        new("validation RMSE", 3.25, "kW", MetricKind.Validation), new("naive RMSE", 4, "kW", MetricKind.Baseline), new("humidity", 4, "%"),
    ];

    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly FakeTimeProvider _time = new();
    private readonly PlainView _view;

    public PlainViewTests() => _view = new(_output, _time);

    [Fact]
    public void PlainView_WritesALineForStartEpochsAndEnd_OfAShortRun()
    {
        Play(
            Sample.Started(), Sample.Step(1), Sample.Step(2), Sample.Epoch(1, 0.5), Sample.Step(3), Sample.Step(4),
            Sample.Epoch(2, 0.1234567, 0.25, Metrics), Sample.Ended(RunState.Completed));

        Assert.Equal(
            """
            run wave-1: 2 epochs of 2 steps, 1 trainer, 20 lanes, 12,345 parameters, files in /runs/wave-1
            epoch 1/2: loss 0.5, step 2, 1.3 s
            epoch 2/2: loss 0.123457, validation 0.25 (RMSE 3.25 kW), humidity 4 %, step 4, 1.3 s
            completed at step 4 after 3.5 s

            """,
            _output.ToString());
    }

    [Fact]
    public void PlainView_WritesALossInBothUnits_UnderOneLabel()
    {
        Play(Sample.Epoch(1, 1.5, 1.25, new Metric("training", 2.25, "bits per byte", MetricKind.Training),
            new Metric("validation", 1.75, "bits per byte", MetricKind.Validation)));

        Assert.Equal("epoch 1: loss 1.5 (2.25 bits per byte), validation 1.25 (1.75 bits per byte), step 2, 1.3 s\n", _output.ToString());
    }

    [Fact]
    public void PlainView_WritesTheErrorsOfTheFirstTargets_AndOfNoSingleSeries()
    {
        Play(Sample.Epoch(1, 1.5, 1.25,
        [
            .. Enumerable.Range(1, 5).SelectMany(target => (Metric[])[
                new("validation RMSE", target, $"target {target}", MetricKind.Validation, Count: 9),
                new("validation MAE", 0.5 * target, $"target {target}", MetricKind.Validation, Count: 9)]),
            new("validation RMSE", 7, "target 1", MetricKind.Validation, "north", 3),
        ]));

        Assert.Equal(
            "epoch 1: loss 1.5, validation 1.25 (RMSE 1, MAE 0.5 target 1; RMSE 2, MAE 1 target 2; RMSE 3, MAE 1.5 target 3; "
            + "2 more targets), step 2, 1.3 s\n", _output.ToString());
    }

    [Fact]
    public void PlainView_SaysHowFarItIs_After30SecondsWithoutALine()
    {
        Play(Sample.Started(), Sample.Step(1));
        _time.Advance(PlainView.Silence - TimeSpan.FromSeconds(1));
        Play(Sample.Step(2));
        _time.Advance(TimeSpan.FromSeconds(1));
        _view.OnTick();
        _view.OnTick();

        Assert.Equal("step 2 (epoch 1/2): loss 0.5, 0.1 steps/s", _output.ToString().TrimEnd().Split('\n')[^1]);
        Assert.Equal(2, _output.ToString().TrimEnd().Split('\n').Length);
    }

    [Fact]
    public void PlainView_ReportsRecoveriesAndTheEndsCause_OnOneLineEach()
    {
        Play(
            Sample.Started(),
            new TrainersRecovered { Step = 3, Trainers = [1, 2], Reason = "silo-2 is\ngone", Seconds = 1.9 },
            new TrainersRecovered { Step = 1001, Steps = 50, Trainers = [0], Reason = "silo-1 was lost", Seconds = 1 },
            Sample.Resumed(2, 3, "checkpoint 1-5: model.safetensors is cut short"),
            new TrainersMoved { Step = 3, Trainers = [0], Reason = "silo-3 joined", Seconds = 0.2 },
            new TrainersResized { Step = 1003, Before = 2, Trainers = 4, Reason = "wanted by 'tbptt resize'", Seconds = 0.2 },
            Sample.Paused(3),
            new RunWarning { Message = "checkpoints cannot be written: disk full" },
            Sample.Ended(RunState.Diverged, "loss is not finite\u001b[31m"));

        Assert.Equal(
            [
                "recovered: trainers 1, 2 placed again after 1.9 s, step 3 repeated: silo-2 is gone",
                "recovered: trainer 0 placed again after 1.0 s, steps 1,001 to 1,050 repeated: silo-1 was lost",
                "resumed from checkpoint 1-3 at step 3, generation 2, 1 trainer; skipped checkpoint 1-5: model.safetensors is cut short",
                "moved: trainer 0 to other silos in 0.2 s after step 3: silo-3 joined",
                "resized: 4 trainers, 2 before, after step 1,003, in 0.2 s: wanted by 'tbptt resize'",
                "paused at step 3: paused by 'tbptt pause'",
                "WARNING: checkpoints cannot be written: disk full",
                "diverged at step 4 after 3.5 s: loss is not finite\uFFFD[31m",
            ],
            _output.ToString().TrimEnd().Split('\n')[1..]);
    }

    [Fact]
    public void PlainView_ReportsTheRateOfTheRoundsBefore_WhileARoundTakesLongerThanTheSilence()
    {
        Play(Sample.Started(), Sample.Step(50));
        _time.Advance(PlainView.Silence);
        _view.OnTick();
        _view.OnStatus(Sample.Status(RunState.Running) with { StepsPerSecond = 1.5 });
        _time.Advance(PlainView.Silence);
        _view.OnTick();

        Assert.EndsWith("loss 0.5, 1.5 steps/s\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void PlainView_ReportsCheckpointsWithTheEpochOnly()
    {
        Play(Sample.Started(), Checkpoint(1), Checkpoint(2), Sample.Epoch(1, 0.5), Sample.Epoch(2, 0.25));

        Assert.Equal(
            ["epoch 1/2: loss 0.5, step 2, 1.3 s, checkpoint 1-2", "epoch 2/2: loss 0.25, step 4, 1.3 s"],
            _output.ToString().TrimEnd().Split('\n')[1..]);
    }

    [Fact]
    public void PlainView_SaysWhenTheRunWaits_AndWhenItsPlaceChanges()
    {
        foreach (int position in (int[])[2, 2, 0])
            _view.OnStatus(Sample.Status(RunState.Queued) with { QueuePosition = position });

        Assert.Equal("queued, 2 runs before it\nqueued, next in line\n", _output.ToString());
    }

    [Fact]
    public void PlainView_SaysThatATrainerIsLate_NotAgainAndAgain()
    {
        var status =
            Sample.Status(RunState.Running) with { Trainers =
                [new(1, 0, 10, "silo-2 (127.0.0.1:5, process 7)", "cpu", TrainerState.Late)] };
        _view.OnStatus(status);
        _view.OnStatus(status);
        _time.Advance(PlainView.Silence);
        _view.OnStatus(status);

        Assert.Equal(Enumerable.Repeat("late: trainer 1 on silo-2; the step waits for it", 2), _output.ToString().TrimEnd().Split('\n'));
    }

    public void Dispose() => _output.Dispose();

    private static CheckpointWritten Checkpoint(long step) => new() { Step = step, Name = $"1-{step}", Bytes = 1000, Seconds = 0.1 };

    private void Play(params RunEvent[] events)
    {
        foreach (var item in events)
            _view.OnEvent(RunJson.Write(item), item);
    }
}
