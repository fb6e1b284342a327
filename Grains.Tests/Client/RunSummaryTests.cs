using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Client;

public sealed class RunSummaryTests : IDisposable
{
    private const string Resume = "tbptt resume wave-1";

    private readonly TemporaryDirectory _runs = new();
    private readonly StringWriter _output = new();
    private readonly RunSummary _summary = new(new RecordingView());

    [Fact]
    public void Summary_ReportsTheRecordedEnd_WhenItsEventDidNotComeThrough()
    {
        var directory = Record(RunState.Stopped, "stopped by SIGTERM");
        _summary.OnEvent("", Sample.Started());

        _summary.Write(_output, directory, null, Resume);

        Assert.Contains("state         stopped at step 1,200: stopped by SIGTERM", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_SaysThatTheEndIsNotOnRecord_WhenTheSilosEndedFirst()
    {
        _summary.Write(_output, Record(RunState.Running, ""), null, Resume);

        Assert.Contains("state         running at step 1,200 when its silos ended", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_LeavesTheStateToTheView_WhenTheEndWasSeen()
    {
        var directory = Record(RunState.Completed, "");
        _summary.OnEvent("", Sample.Ended(RunState.Completed));

        _summary.Write(_output, directory, null, Resume);

        Assert.DoesNotContain("state", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RunState.Stopped, true)]
    [InlineData(RunState.Failed, true)]
    [InlineData(RunState.Completed, false)]
    [InlineData(RunState.Diverged, false)]
    public void Summary_EndsWithTheWayOn_OfARunThatCanBeResumed(RunState state, bool shown)
    {
        var directory = Record(state, "why");
        _summary.OnEvent("", Sample.Ended(state, "why"));

        _summary.Write(_output, directory, null, Resume);

        Assert.Equal(shown, _output.ToString().TrimEnd().EndsWith("\nresume with: tbptt resume wave-1", StringComparison.Ordinal));
    }

    [Fact]
    public void Summary_SaysThatTheRunWasInterrupted_WhenASignalEndedIt()
    {
        _summary.OnEvent("", Sample.Ended(RunState.Stopped, "stopped by SIGTERM"));

        _summary.Write(_output, new("/nowhere", Sample.Run), null, Resume, interrupted: true);

        Assert.EndsWith("\ninterrupted; tbptt resume wave-1", _output.ToString().TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_ReportsTheLastStatus_WhenTheEventsWereLeftOut()
    {
        _summary.Write(_output, new("/nowhere", Sample.Run),
            Sample.Status(RunState.Completed) with { EndedAt = Sample.Noon.AddSeconds(3.5) }, Resume);

        Assert.Contains("state         completed at step 1,200 after 3.5 s", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_SaysWhichParametersTheModelHas_WhereTheyAreNotTheLast()
    {
        _summary.Write(_output, new("/nowhere", Sample.Run),
            Sample.Status(RunState.Completed) with { Output = new("best", 3, 900, IsAverage: false, []) }, Resume);

        Assert.Contains("model has     the parameters of epoch 3, whose validation loss is the lowest\n", _output.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_ShowsTheBaselineOnce()
    {
        foreach (int epoch in (int[])[1, 2])
            _summary.OnEvent("", Sample.Epoch(epoch, 0.5, 0.25, new Metric("validation RMSE", 3.25, "kW", MetricKind.Validation),
                new Metric("naive last-value RMSE", 4, "kW", MetricKind.Baseline)));

        _summary.Write(_output, new("/nowhere", Sample.Run), null, Resume);

        Assert.Contains("metric        validation RMSE 3.25 kW\nmetric        naive last-value RMSE 4 kW\n",
            _output.ToString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Single(_output.ToString().Split("naive")[1..]);
    }

    [Fact]
    public void Summary_SaysWhatTheFiguresAreOver_AndLeavesSeriesAndFurtherTargetsToShow()
    {
        _summary.OnEvent("", Sample.Epoch(1, 0.5, 0.25,
        [
            .. Enumerable.Range(1, 14).Select(target => new Metric("validation RMSE", target, $"t{target}", MetricKind.Validation)),
            new("validation RMSE", 99, "t1", MetricKind.Validation, "north"),
        ]) with { HeldOut = new(2, 1400, 2600) });

        _summary.Write(_output, new("/nowhere", Sample.Run), null, Resume);

        string text = _output.ToString().ReplaceLineEndings("\n");
        Assert.Contains(
            "held out      2 sequences of 1,400 time steps, 2,600 target elements\nmetric        validation RMSE 1 t1\n", text,
            StringComparison.Ordinal);
        Assert.Contains(
            "metric        validation RMSE 12 t12\nmetric        2 more, which 'tbptt show' prints\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("99", text, StringComparison.Ordinal);
    }

    public void Dispose() => _runs.Dispose();

    private RunDirectory Record(RunState state, string message)
    {
        var directory = new RunDirectory(_runs.File("runs"), Sample.Run);
        Directory.CreateDirectory(directory.Path);
        var status = new RunStatus { Id = "wave-1", Name = "wave", State = state, Message = message, Epochs = 2, Step = 1200 };
        File.WriteAllText(directory.Status, RunJson.Write(status));
        return directory;
    }
}
