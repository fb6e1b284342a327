using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;
using Spectre.Console.Testing;

namespace Orleans.Tbptt.Tests.Client;

public sealed class LiveViewTests
{
    private readonly FakeTimeProvider _time = new();

    private readonly Metric[] _metrics =
        [new("validation RMSE", 3.25, "[kW]", MetricKind.Validation), new("naive RMSE", 4, "[kW]", MetricKind.Baseline)];

    [Fact]
    public void LiveScreen_ShowsEveryFigure_InTheMiddleOfARun()
    {
        var figures = new RunFigures();
        foreach (var item in (RunEvent[])[
            Sample.Started(), Sample.Step(1, 0.9), Sample.Step(2, 0.5), Sample.Epoch(1, 0.7, 0.8, _metrics),
            Sample.Step(3, 0.25)])
            figures.Add(item);
        figures.Add(Status(RunState.Running));

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), 140, 50, ["silo 2 [gone]"]));

        Assert.Contains("wave-1  running  1:05", text, StringComparison.Ordinal);
        Assert.Contains("epoch 2/2", text, StringComparison.Ordinal);
        Assert.Contains("50%  1/2  ETA 0.5 s, run ETA 0.5 s", text, StringComparison.Ordinal);
        Assert.Contains("0.25  █▄▁", text, StringComparison.Ordinal);
        Assert.Contains("validation  0.8 (RMSE 3.25 [kW])", text, StringComparison.Ordinal);
        Assert.Contains("baseline    naive RMSE 4 [kW]", text, StringComparison.Ordinal);
        Assert.Contains("2.0 steps/s, 400 sequence steps/s", text, StringComparison.Ordinal);
        Assert.Matches(@"0 +0-9 +silo-1 \[a\] +cpu +training", text);
        Assert.Matches(@"1 +10-19 +silo-2 +cpu +lost", text);
        Assert.Contains("silo 2 [gone]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LiveScreen_FollowsTheStatus_WhenEpochsAreNotEquallyLong()
    {
        var figures = new RunFigures();
        foreach (var item in (RunEvent[])[Sample.Started(), Sample.Step(1), Sample.Step(2), Sample.Epoch(1, 0.5), Sample.Step(3)])
            figures.Add(item);
        figures.Add(Status(RunState.Running) with { Epoch = 2, Step = 3, EpochStep = 1, StepsPerEpoch = 5, Epochs = 2 });

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), 140, 50, []));

        Assert.Contains("20%  1/5  ETA 2.0 s, run ETA about 2.0 s", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LiveScreen_ShowsTheMeanSpeed_AfterTheEnd()
    {
        var figures = new RunFigures();
        foreach (var item in (RunEvent[])[Sample.Started(), Sample.Step(4), Sample.Ended(RunState.Completed)])
            figures.Add(item);
        figures.Add(Status(RunState.Completed) with { StepsPerSecond = 0, SequenceStepsPerSecond = 0, SequenceSteps = 700 });

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), 140, 50, []));

        // 4 steps in 3.5 s.
        Assert.Contains("1.1 steps/s, 200 sequence steps/s on average", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LiveScreen_ShowsWhatItWaitsFor_UntilTheRunTrains()
    {
        var figures = new RunFigures();
        var screen = new LiveScreen(figures, "wave-1", unicode: true) { Phase = "starting silo 2 of 3" };

        string starting = Render(screen.Draw(TimeSpan.FromSeconds(1.25), 80, 24, []));
        figures.Add(Sample.Started());
        figures.Add(Sample.Status(RunState.Running));

        Assert.Matches("^wave-1  starting  1.3 s *\nphase       starting silo 2 of 3 *\n$", starting);
        Assert.DoesNotContain("phase", Render(screen.Draw(TimeSpan.FromSeconds(2), 80, 24, [])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clock_Moves_WhileNothingElseHappens()
    {
        var view = new TickedView();
        var ended = new TaskCompletionSource<int>();
        var ticking = Ticking.WhileAsync(view, _time, () => ended.Task);

        _time.Advance(Ticking.Period);
        await view.Ticked.Task.WaitAsync(TestContext.Current.CancellationToken);
        ended.SetResult(7);

        Assert.Equal(7, await ticking);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(60, 20)]
    [InlineData(60, 12)]
    public void LiveScreen_HasFewerRowsThanTheTerminal(int width, int height)
    {
        var figures = new RunFigures();
        foreach (var item in (RunEvent[])[Sample.Started(), Sample.Step(1), Sample.Step(2), Sample.Epoch(1, 0.5, 0.25, _metrics),
            Sample.Step(3), Sample.Ended(RunState.Stopped, "stopped by Ctrl-C")])
            figures.Add(item);
        figures.Add(Status(RunState.Stopped) with
        {
            Trainers = [.. Enumerable.Range(0, 14).Select(index => new TrainerStatus(
                index, index, 1, $"silo-{index} (127.0.0.1:35003, process 3184567)", "cpu", TrainerState.Released))],
        });
        string[] notices = ["page http://127.0.0.1:41257/runs/sunspots-20261128-164624-bcc7", "stopped by Ctrl-C: ending at the last "
            + "committed step; repeat to end at once"];

        string[] lines = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), width, height, notices),
            width).TrimEnd().Split('\n');

        Assert.InRange(lines.Length, 1, height - 1);
        Assert.Contains(lines, line => line.Contains("repeat", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(60, 20)]
    public async Task LiveView_LeavesNoLineBehind_WhenTheTerminalWritesCtrlCIntoIt(int width, int height)
    {
        using var console = new TestConsole { EmitAnsiSequences = true };
        (console.Profile.Width, console.Profile.Height) = (width, height);
        console.Profile.Capabilities.Interactive = console.Profile.Capabilities.Ansi = true;
        var view = new LiveView(console, "wave-1", _time);

        await view.ShowAsync(() =>
        {
            view.OnEvent("", Sample.Started());
            view.OnStatus(Status(RunState.Running));
            view.OnNotice(new string('x', width));
            console.Profile.Out.Writer.Write("^C");
            view.OnNotice("stopped by Ctrl-C");
            view.OnEvent("", Sample.Ended(RunState.Stopped, "stopped by Ctrl-C"));
            return Task.FromResult(true);
        });

        var lines = new ScreenModel(width, console.Output).Lines;
        Assert.StartsWith("wave-1  stopped", Assert.Single(lines, line => line.StartsWith("wave-1", StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Single(lines, line => line.StartsWith("trainer ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("^C", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LiveView_LeavesTheFinalState_WhenTheRunHasEnded()
    {
        using var console = new TestConsole();
        console.Profile.Width = 120;
        console.Profile.Capabilities.Interactive = true;
        var view = new LiveView(console, "wave-1", _time);

        int code = await view.ShowAsync(() =>
        {
            view.OnEvent("", Sample.Started());
            view.OnEvent("", Sample.Ended(RunState.Failed, "disk [full]"));
            return Task.FromResult(7);
        });

        Assert.Equal(7, code);
        Assert.Contains("wave-1  failed  3.5 s", console.Output, StringComparison.Ordinal);
        Assert.Contains("disk [full]", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void LossTrend_CoversTheWholeRunInFewPoints_HoweverLong()
    {
        var trend = new LossTrend();
        for (int step = 0; step < 100_000; step++)
            trend.Add(100_000 - step);
        trend.Add(double.NaN);

        Assert.InRange(trend.Points.Count, LossTrend.Capacity / 2, LossTrend.Capacity);
        Assert.Equal(trend.Points.OrderDescending(), trend.Points);
        Assert.StartsWith("█", trend.Sparkline(unicode: true), StringComparison.Ordinal);
        Assert.EndsWith("▁", trend.Sparkline(unicode: true), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void LiveScreen_KeepsEachFigureOnOneLine_AtAnyWidth(int width)
    {
        var figures = new RunFigures();
        figures.Add(Sample.Started() with { StepsPerEpoch = 1_234_567, Epochs = 10_000 });
        for (int step = 1; step < 200; step++)
            figures.Add(Sample.Step(step, 1.0 / (step * 12345)) with { Epoch = 1 });
        figures.Add(Sample.Epoch(1, 0.123456789, 0.00123456,
            new Metric("validation of something with a long name", 3.25, "kilowatts an hour and more of them", MetricKind.Validation),
            new Metric("something else with a long name", 3.25, "kilowatts an hour and more of them")) with { Step = 1_234_560 });
        figures.Add(new CheckpointWritten { Step = 1_234_000, Name = "12-1234000", Bytes = 1, Seconds = 1, Time = Sample.Noon });
        figures.Add(new TrainersRecovered { Step = 1_234_000, Trainers = [1], Reason = "gone", Seconds = 12.3 });
        figures.Add(new TrainersMoved { Step = 1_234_000, Trainers = [1], Reason = "joined", Seconds = 12.3 });
        figures.Add(Status(RunState.Queued) with
        {
            Epoch = 2, Step = 1_234_600, EpochStep = 40, StepsPerEpoch = 1_234_567, StepsPerSecond = 1234.5,
            SequenceStepsPerSecond = 123_456_789,
            UpdatedAt = Sample.Noon.AddSeconds(3), QueuePosition = 3,
            Trainers = [.. Enumerable.Range(0, 14).Select(index => new TrainerStatus(
                index, index * 1000, 1000, $"silo-{index} (192.168.100.{index}:35003, process 3184567)", "cuda:0",
                TrainerState.Evaluating))],
        });

        var screen = new LiveScreen(figures, new string('w', 100), unicode: true);
        string[] lines = Render(screen.Draw(TimeSpan.FromDays(2), width, 50, []), width).TrimEnd().Split('\n');

        // Head, epoch and what of its ETA has no room next to it, 10 figures, trainers under their heading, those that are not shown.
        Assert.InRange(lines.Length, 1 + 1 + 9 + 1 + 12 + 1, 1 + 2 + 9 + 1 + 12 + 1);
        Assert.All(lines, line => Assert.True(line.TrimEnd().Length <= width, line));
        Assert.Contains(lines, line => line.StartsWith("checkpoint  step 1,234,000, 3 s ago", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("queued      3 runs before it", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("silo-11", StringComparison.Ordinal));
    }

    [Fact]
    public void LiveScreen_ShowsPauseWarningAndLateTrainers_Loudly()
    {
        var figures = new RunFigures();
        figures.Add(Sample.Resumed(2, 3, "checkpoint 1-5: torn"));
        figures.Add(Sample.Paused(3));
        figures.Add(Status(RunState.Paused) with { Warning = "disk [full]",
            Trainers = [new(0, 0, 10, "silo-1", "cpu", TrainerState.Late)] });

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), 140, 50, []));

        Assert.Contains("wave-1  paused  1:05  generation 2", text, StringComparison.Ordinal);
        Assert.Contains(" WARNING  disk [full]", text, StringComparison.Ordinal);
        Assert.Contains("skipped checkpoint 1-5: torn", text, StringComparison.Ordinal);
        Assert.Contains("continue with tbptt resume wave-1", text, StringComparison.Ordinal);
        Assert.Matches(@"0 +0-9 +silo-1 +cpu +late", text);
    }

    [Fact]
    public void RunFigures_ForgetTheEnd_WhenTheRunWasResumed()
    {
        var figures = new RunFigures();
        figures.Add(Sample.Started());
        figures.Add(Sample.Ended(RunState.Stopped) with { Number = 9 });
        Assert.Equal(RunState.Stopped, figures.State);

        figures.Add(Sample.Status(RunState.Starting) with { LastEvent = 9 });
        Assert.Equal(RunState.Starting, figures.State);
        figures.Add(Sample.Resumed(2, 3));

        Assert.Null(figures.Ended);
    }

    /// <summary>A view that reports its first tick.</summary>
    private sealed class TickedView : IRunView
    {
        public TaskCompletionSource Ticked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnEvent(string line, RunEvent? runEvent) => throw new InvalidOperationException("no event");

        public void OnNotice(string text) => throw new InvalidOperationException("no notice");

        public void OnTick() => Ticked.TrySetResult();
    }

    private static string Render(Spectre.Console.Rendering.IRenderable renderable, int width = 140)
    {
        using var console = new TestConsole();
        console.Profile.Width = width;
        console.Write(renderable);
        return console.Output;
    }

    private static RunStatus Status(RunState state) => new()
    {
        Id = "wave-1", Name = "wave", State = state, Epochs = 2, StepsPerSecond = 2, SequenceStepsPerSecond = 400,
        Trainers = [new(0, 0, 10, "silo-1 [a]", "cpu", TrainerState.Training), new(1, 10, 10, "silo-2", "cpu", TrainerState.Lost)],
    };
}
