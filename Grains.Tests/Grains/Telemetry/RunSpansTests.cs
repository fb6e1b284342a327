using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>Which steps are traced.</summary>
[Collection(Watching.Name)]
public sealed class RunSpansTests : IDisposable
{
    private static readonly RunStatus Status = new() { Id = "wave-1", Name = "wave", State = RunState.Running, Epochs = 2 };
    private readonly FakeTimeProvider _time = new();
    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == Traces.Name,
        Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    };

    public RunSpansTests() => ActivitySource.AddActivityListener(_listener);

    [Fact]
    public void Steps_AreTraced_FirstOfTheirEpochs_AndOnceASecond()
    {
        using var spans = new RunSpans(Status, _time);

        Epoch(spans, 0);
        Assert.True(IsTraced(spans));
        _time.Advance(RunSpans.FirstPace);
        Assert.False(IsTraced(spans));
        Epoch(spans, 1);
        Assert.True(IsTraced(spans));
        _time.Advance(RunSpans.Pace);
        Assert.True(IsTraced(spans));
        Assert.False(IsTraced(spans));
    }

    /// <summary>Epochs may be milliseconds long.</summary>
    [Fact]
    public void FirstStep_IsNotTraced_WhereAnotherOneJustWas()
    {
        using var spans = new RunSpans(Status, _time);
        Epoch(spans, 0);
        Assert.True(IsTraced(spans));

        _time.Advance(RunSpans.FirstPace - TimeSpan.FromTicks(1));
        Epoch(spans, 1);

        Assert.False(IsTraced(spans));
        _time.Advance(RunSpans.Pace - RunSpans.FirstPace);
        Assert.False(IsTraced(spans));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(IsTraced(spans));
    }

    public void Dispose() => _listener.Dispose();

    private static void Epoch(RunSpans spans, int epoch) => spans.BeginEpoch(RunId.Parse("wave-1"), epoch, generation: 1)?.Stop();

    private bool IsTraced(RunSpans spans)
    {
        using var step = spans.BeginStep(1, _time.GetTimestamp());
        return step is not null;
    }
}
