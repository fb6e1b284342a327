using Orleans.Tbptt.Cluster.Clients;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Cluster.Clients;

public sealed class TrainingClientTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly RunSpec Spec = TestSpecs.Average();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IClusterClient Client => fixture.Silos.Cluster.Client;

    [Fact]
    public async Task Events_ComeInOrderAndOnce_ToTheEndOfTheRun()
    {
        var oracle = Oracle.Of(Spec);

        var run = await Client.TrainAsync(Spec, cancellation: Cancellation);
        var events = await run.ReadEventsAsync(cancellation: Cancellation).ToListAsync(Cancellation);

        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (long)number), events.Select(one => one.Number));
        Assert.Equal(oracle.Steps.Select(step => step.Loss), events.OfType<StepCommitted>().Select(step => step.Loss));
        Assert.Equal(RunState.Completed, Assert.IsType<RunEnded>(events[^1]).State);
        Assert.Equal(fixture.Silos.Directory(run.Id).Path, run.Directory);
    }

    [Fact]
    public async Task Events_ContinueAfterANumber_InAnotherClient()
    {
        var run = await Client.TrainAsync(Spec, cancellation: Cancellation);
        var seen = await run.ReadEventsAsync(cancellation: Cancellation).Take(7).ToListAsync(Cancellation);

        var left = await Client.Run(run.Id).ReadEventsAsync(seen[^1].Number, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(8, left[0].Number);
        Assert.IsType<RunEnded>(left[^1]);
    }

    [Fact]
    public async Task Callback_IsMadeForEveryStep_InOrder_OneAtATime()
    {
        var oracle = Oracle.Of(Spec);
        List<double> losses = [];
        int inside = 0;

        var run = await Client.TrainAsync(Spec, cancellation: Cancellation);
        var status = await run.WaitAsync(
            async (step, _) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                await Task.Yield();
                losses.Add(step.Loss);
                Interlocked.Decrement(ref inside);
            },
            cancellation: Cancellation);

        Assert.Equal(oracle.Steps.Select(step => step.Loss), losses);
        Assert.Equal(RunState.Completed, status.State);
    }

    /// <summary>Where the number of the last event is stored with the effect, no step has its effect twice.</summary>
    [Fact]
    public async Task Callback_ContinuesAfterTheStepThatItThrewAt()
    {
        List<long> steps = [];
        var run = await Client.TrainAsync(Spec, cancellation: Cancellation);
        long handled = 0;
        ValueTask Handle(StepCommitted step, CancellationToken _)
        {
            if (step.Step == 4 && steps.Count == 3)
            {
                steps.Add(-1);
                throw new InvalidOperationException("the disk is full");
            }

            handled = step.Number;
            steps.Add(step.Step);
            return ValueTask.CompletedTask;
        }

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.WaitAsync(Handle, handled, Cancellation));
        var status = await run.WaitAsync(Handle, handled, Cancellation);

        Assert.Equal([1, 2, 3, -1, .. Enumerable.Range(4, (int)status.Step - 3).Select(step => (long)step)], steps);
    }

    [Fact]
    public async Task Cancellation_EndsTheEnumeration_AndNotTheRun()
    {
        using var cancellation = new CancellationTokenSource();
        var run = await Client.TrainAsync(Spec, cancellation: Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in run.ReadEventsAsync(cancellation: cancellation.Token))
                await cancellation.CancelAsync();
        });

        Assert.Equal(RunState.Completed, (await run.WaitAsync(cancellation: Cancellation)).State);
    }

    [Fact]
    public async Task Run_IsStoppedAndResumed()
    {
        fixture.Calls.Reset();
        using var halt = fixture.Calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 4));
        var run = await Client.TrainAsync(Spec, cancellation: Cancellation);
        await halt.Reached;

        var stopping = run.StopAsync("enough", Cancellation);
        await run.GetStatusAsync(Cancellation);
        fixture.Calls.Reset();
        halt.Continue();
        await stopping;
        var stopped = await run.GetStatusAsync(Cancellation);
        await run.ResumeAsync(Cancellation);
        var status = await run.WaitAsync(after: stopped.LastEvent, cancellation: Cancellation);

        Assert.Equal((RunState.Stopped, RunState.Completed), (stopped.State, status.State));
    }

    [Fact]
    public async Task Spec_IsRefused_WithThePlacesOfItsMistakes()
    {
        string text = SpecWriter.ToYaml(Spec).Replace("cell: lstm", "cell: lsmt", StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<SpecException>(
            () => Client.TrainAsync(new SpecText(text, "mine.yaml", "/"), cancellation: Cancellation));

        var problem = Assert.Single(refused.Problems);
        Assert.Equal("model.cell", problem.Key);
        Assert.StartsWith("mine.yaml:", problem.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SameIdAndSpec_FindTheSameRun()
    {
        var options = new TrainOptions { Run = RunId.Parse("mine") };

        var first = await Client.TrainAsync(Spec, options, Cancellation);
        var again = await Client.TrainAsync(Spec, options, Cancellation);

        Assert.Equal(first.Id, again.Id);
        Assert.Equal(RunState.Completed, (await again.WaitAsync(cancellation: Cancellation)).State);
    }

    [Fact]
    public async Task UnknownRun_IsSaidToBeUnknown() =>
        await Assert.ThrowsAsync<RunNotFoundException>(() => Client.Run(RunId.Parse("none")).GetStatusAsync(Cancellation));
}
