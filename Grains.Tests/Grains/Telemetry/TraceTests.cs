using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Exporting;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

[Collection(Watching.Name)]
public sealed class TraceTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2, epochs: 3, validationFraction: 0.2);
    private readonly List<Activity> _spans = [];

    /// <summary>How a step reaches its trainers: by grain calls, without a message, and over a channel to another silo.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public async Task OneTrace_LeadsFromTheConsoleToATrainersChunk_AndEveryEpochHasItsOwn(int number, bool directSteps)
    {
        FinishedRun run;
        using (var provider = Listen())
        {
            await using var silos = await Start(null, number, directSteps);
            run = await Train(silos);
            RunAssert.SameBits(Oracle.Of(Spec), run);
            Assert.True(provider.ForceFlush());
        }

        var submit = Assert.Single(_spans, span => span.OperationName == "tbptt.submit");
        Assert.Equal(default, submit.ParentSpanId);
        Activity start = One("tbptt.start", submit.TraceId), step = One("tbptt.step", submit.TraceId);
        AssertDescends(start, submit);
        AssertDescends(step, start);
        Assert.All(new[] { 0, 1 }, trainer =>
        {
            var chunk = Assert.Single(_spans, span => span.OperationName == "tbptt.chunk" && span.TraceId == submit.TraceId
                && trainer.Equals(span.GetTagItem("trainer")));
            AssertDescends(chunk, step);
            Assert.Equal((run.Status.Id, 1L), (chunk.GetTagItem("run"), chunk.GetTagItem("step")));
        });

        var epochs = _spans.Where(span => span.OperationName == "tbptt.epoch").ToList();
        Assert.Equal([1, 2, 3], epochs.Select(epoch => (int)epoch.GetTagItem("epoch")!));
        Assert.Equal(4, epochs.Select(epoch => epoch.TraceId).Append(submit.TraceId).Distinct().Count());
        Assert.All(epochs, epoch =>
        {
            Assert.Equal(default, epoch.ParentSpanId);
            Assert.Equal(submit.TraceId, Assert.Single(epoch.Links).Context.TraceId);
            Assert.Equal(epoch.SpanId, One("tbptt.evaluation", epoch.TraceId).ParentSpanId);
        });

        // The run's first step is traced, and few of the others: the steps of a second are many.
        int steps = _spans.Count(span => span.OperationName == "tbptt.step");
        Assert.InRange(steps, 1, 5);
        Assert.Equal(2
            * steps, _spans.Count(span => span.OperationName == "tbptt.chunk"
                && _spans.Any(one => one.SpanId == span.ParentSpanId && one.OperationName != "tbptt.epoch")));
        Assert.InRange(_spans.Count(span => span.DisplayName.Contains(nameof(ITrainerGrain.TrainChunk), StringComparison.Ordinal)), 0, 4
            * steps);
    }

    [Fact]
    public async Task Traces_BeginWithOurOwnSpans_AndNotWithEveryLookAtARun()
    {
        using var provider = Listen();
        await using var silos = await Start();

        await Train(silos);
        Assert.True(provider.ForceFlush());

        Assert.NotEmpty(_spans);
        Assert.All(_spans.Where(span => span.ParentSpanId == default), span =>
            Assert.StartsWith("tbptt.", span.OperationName, StringComparison.Ordinal));
        Assert.DoesNotContain(_spans, span => span.DisplayName.Contains(nameof(ICoordinatorGrain.ReadEvents), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Recovery_HasASpan_InTheTraceOfItsEpoch()
    {
        var calls = new TrainerCalls();
        using var provider = Listen();
        await using var silos = await Start(calls);
        int losses = 0;
        calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), trainer: 1, step: 12) && ++losses == 1
            ? throw new InvalidOperationException("unplugged")
            : Task.CompletedTask;

        RunAssert.SameBits(Oracle.Of(Spec), await Train(silos));
        Assert.True(provider.ForceFlush());

        var recovery = Assert.Single(_spans, span => span.OperationName == "tbptt.recovery");
        Assert.Equal((13L, "lost"), (recovery.GetTagItem("step"), recovery.GetTagItem("reason")));
        Assert.Contains(_spans, span => span.OperationName == "tbptt.epoch" && span.SpanId == recovery.ParentSpanId);
        Assert.Contains(_spans, span => span.ParentSpanId == recovery.SpanId
            && span.DisplayName.Contains(nameof(ITrainerGrain.Assign), StringComparison.Ordinal));
    }

    private TracerProvider Listen()
    {
        var builder = Sdk.CreateTracerProviderBuilder();
        builder.Export(new(), new Dictionary<string, string?>());
        return builder.AddInMemoryExporter(_spans).Build();
    }

    private static Task<TestSilos> Start(TrainerCalls? calls = null, int number = 1, bool directSteps = false) => TestSilos.Start(
        number,
        silo =>
        {
            silo.AddTracedCalls();
            if (calls is not null)
                silo.AddIncomingGrainCallFilter(calls);
        },
        directSteps: directSteps,
        configureClient: client => client.AddActivityPropagation());

    private static async Task<FinishedRun> Train(TestSilos silos)
    {
        var run = RunId.Parse("traced-1");
        var reply = await new GrainRunService(silos.Grains).SubmitAsync(new(run, Spec.Written(), Protocol: ProtocolVersion.Current));
        Assert.Empty(reply.Problems);
        return await silos.Watch(run);
    }

    private Activity One(string name, ActivityTraceId trace) =>
        Assert.Single(_spans, span => span.OperationName == name && span.TraceId == trace);

    private void AssertDescends(Activity span, Activity ancestor)
    {
        for (var at = span; at.SpanId != ancestor.SpanId; at = _spans.Single(one => one.SpanId == at.ParentSpanId))
            Assert.NotEqual(default, at.ParentSpanId);
    }
}
