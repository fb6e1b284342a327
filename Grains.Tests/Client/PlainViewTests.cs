using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class PlainViewTests : IDisposable
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly FakeTimeProvider _time = new();
    private readonly PlainView _view;

    public PlainViewTests() => _view = new(_output, _time);

    [Fact]
    public void PlainView_WritesALineForStartEpochsAndEnd_OfAShortRun()
    {
        Play(
            Sample.Started(), Sample.Step(1), Sample.Step(2), Sample.Epoch(1, 0.5), Sample.Step(3), Sample.Step(4),
            Sample.Epoch(2, 0.1234567, 0.25, new Metric("test RMSE", 3.25, "kW")), Sample.Ended(RunState.Completed));

        Assert.Equal(
            """
            run wave-1: 2 epochs of 2 steps, 1 trainer, 20 lanes, 12,345 parameters, files in /runs/wave-1
            epoch 1/2: loss 0.5, step 2, 1.3 s
            epoch 2/2: loss 0.123457, validation 0.25, test RMSE 3.25 kW, step 4, 1.3 s
            completed at step 4 after 3.5 s

            """,
            _output.ToString());
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
    public void PlainView_TellsRecoveriesAndTheEndsCause_OnOneLineEach()
    {
        Play(
            Sample.Started(),
            new TrainersRecovered { Step = 3, Trainers = [1, 2], Reason = "silo-2 is\ngone", Seconds = 1.9 },
            Sample.Started(generation: 2),
            Sample.Ended(RunState.Diverged, "loss is not finite\u001b[31m"));

        Assert.Equal(
            [
                "recovered: trainers 1, 2 placed again after 1.9 s, step 3 run again: silo-2 is gone",
                "resumed: generation 2",
                "diverged at step 4 after 3.5 s: loss is not finite\uFFFD[31m",
            ],
            _output.ToString().TrimEnd().Split('\n')[1..]);
    }

    public void Dispose() => _output.Dispose();

    private void Play(params RunEvent[] events)
    {
        foreach (var item in events)
            _view.OnEvent(RunJson.Write(item), item);
    }
}
