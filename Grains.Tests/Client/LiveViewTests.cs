using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;
using Spectre.Console.Testing;

namespace Orleans.Tbptt.Tests.Client;

public sealed class LiveViewTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void LiveScreen_ShowsEveryFigure_InTheMiddleOfARun()
    {
        var figures = new RunFigures();
        foreach (var item in (RunEvent[])[
            Sample.Started(), Sample.Step(1, 0.9), Sample.Step(2, 0.5), Sample.Epoch(1, 0.7, 0.8, new Metric("test RMSE", 3.25, "[kW]")), Sample.Step(3, 0.25)])
            figures.Add(item);
        figures.Add(Status(RunState.Running));

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), ["silo 2 [gone]"]));

        Assert.Contains("wave-1  running  1:05", text, StringComparison.Ordinal);
        Assert.Contains("epoch 2/2", text, StringComparison.Ordinal);
        Assert.Contains("50%  1/2  ETA 0.5 s, run ETA 0.5 s", text, StringComparison.Ordinal);
        Assert.Contains("0.25  █▄▁", text, StringComparison.Ordinal);
        Assert.Contains("3.25 [kW]", text, StringComparison.Ordinal);
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

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), []));

        Assert.Contains("20%  1/5  ETA 2.0 s, run ETA about 2.0 s", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LiveScreen_ShowsTheMeanSpeed_AfterTheEnd()
    {
        var figures = new RunFigures();
        foreach (var item in (RunEvent[])[Sample.Started(), Sample.Step(4), Sample.Ended(RunState.Completed)])
            figures.Add(item);
        figures.Add(Status(RunState.Completed) with { StepsPerSecond = 0, SequenceStepsPerSecond = 0, SequenceSteps = 700 });

        string text = Render(new LiveScreen(figures, "wave-1", unicode: true).Draw(TimeSpan.FromSeconds(65), []));

        // 4 steps in 3.5 s.
        Assert.Contains("1.1 steps/s, 200 sequence steps/s on average", text, StringComparison.Ordinal);
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

    private static string Render(Spectre.Console.Rendering.IRenderable renderable)
    {
        using var console = new TestConsole();
        console.Profile.Width = 140;
        console.Write(renderable);
        return console.Output;
    }

    private static RunStatus Status(RunState state) => new()
    {
        Id = "wave-1", Name = "wave", State = state, Epochs = 2, StepsPerSecond = 2, SequenceStepsPerSecond = 400,
        Trainers = [new(0, 0, 10, "silo-1 [a]", "cpu", TrainerState.Training), new(1, 10, 10, "silo-2", "cpu", TrainerState.Lost)],
    };
}
