using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

[Collection(Watching.Name)]
public sealed class ChunkTelemetryTests : IDisposable
{
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<Activity> _chunks = [];
    private readonly ActivityListener _listener;
    private readonly ChunkTelemetry _telemetry;

    public ChunkTelemetryTests()
    {
        _listener = new()
        {
            ShouldListenTo = source => source.Name == Traces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.OperationName == "tbptt.chunk")
                    _chunks.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
        _telemetry = new(new(_services.GetRequiredService<IMeterFactory>()), _time, RunId.Parse("wave-1"), trainer: 3);
    }

    [Fact]
    public void SlowChunk_HasASpanInItsEpochsTrace_ThoughItsStepIsNotTraced()
    {
        var epoch = AskedUnderAnEpoch();
        Train(20, Usual);
        Train(1, Usual * 2);
        Assert.Empty(_chunks);

        Train(1, Usual * 2.5);

        var chunk = Assert.Single(_chunks);
        Assert.Equal((epoch.TraceId, epoch.SpanId), (chunk.TraceId, chunk.ParentSpanId));
        Assert.Equal((3, true), (chunk.GetTagItem("trainer"), chunk.GetTagItem("slow")));
        Assert.Equal(_time.GetUtcNow().UtcDateTime - Usual * 2.5, chunk.StartTimeUtc);
    }

    [Fact]
    public void SlowChunk_HasNoSpan_InTheTraceOfAnEpochThatIsOver()
    {
        AskedUnderAnEpoch(number: 4);
        _telemetry.Enter(4);
        Train(20, Usual);

        _telemetry.Enter(5);
        Train(1, Usual * 10);

        Assert.Empty(_chunks);
    }

    [Fact]
    public void SlowChunks_HaveNoMoreThanTenSpansASecond()
    {
        AskedUnderAnEpoch();
        Train(20, Usual);

        for (int i = 0; i < 50; i++)
        {
            Train(1, Usual * 3);
            _time.Advance(TimeSpan.FromMilliseconds(10));
            Train(16, Usual);
        }

        Assert.Equal(5, _chunks.Count);
    }

    [Fact]
    public void SlowChunk_HasNoSpan_WhereNoTraceIsKnown()
    {
        Train(20, Usual);
        Train(1, Usual * 10);

        Assert.Empty(_chunks);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    private ActivityContext AskedUnderAnEpoch(int number = 0)
    {
        using var epoch = Traces.Source.StartActivity("tbptt.epoch")!;
        using (Traces.Source.StartActivity("tbptt.step")!.SetBaggage(RunSpans.EpochBaggage, epoch.Id))
        {
            _telemetry.OnAsked();
            _telemetry.Enter(number);
        }

        epoch.Stop();
        Activity.Current = null;
        _telemetry.OnAsked();
        return epoch.Context;
    }

    private void Train(int chunks, TimeSpan took)
    {
        for (int i = 0; i < chunks; i++)
            _telemetry.OnTrained(step: i, chunks: 1, took, span: null);
    }
}
