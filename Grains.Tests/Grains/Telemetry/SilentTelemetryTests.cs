using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>Where nobody listens, telemetry leaves no garbage: counted in bytes, which are the same on every machine.</summary>
[Collection(Watching.Name)]
public sealed class SilentTelemetryTests
{
    private static readonly RunStatus Status = new() { Id = "wave-1", Name = "wave", State = RunState.Running, Epochs = 1 };

    [Fact]
    public void Step_AllocatesNothing_WhereNobodyListens()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var instruments = new TrainingInstruments(services.GetRequiredService<IMeterFactory>());
        var spec = TestSpecs.Average();
        var state = new TrainingState(spec);
        using var run = new RunTelemetry(instruments, Status, TimeProvider.System, NullLogger.Instance);
        run.OnTaken(1, () => Status, spec);
        var chunks = new ChunkTelemetry(instruments, TimeProvider.System, RunId.Parse("wave-1"), 0);
        IReadOnlyList<StepOutcome.Committed> steps = [new(1, 2, 0.1, 60)];

        long allocated = 0;
        for (int i = 0; i < 2_000; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            using (run.Spans.BeginStep(i + 1, i))
            {
                run.OnTrainer(TrainerState.Training);
                chunks.OnAsked();
                instruments.OnChunks(1, TimeSpan.FromTicks(i), Phase.Training);
                instruments.OnSent(100);
                run.OnTrainer(TrainerState.Waiting);
                run.OnCommitted(steps, 20, state, TimeSpan.FromTicks(i));
            }

            // What the first steps allocate is the runtime's own.
            if (i >= 1_000)
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }
}
