using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Journal;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Grains.Journal;

/// <summary>What <c>metrics.every</c> keeps of a run's events, before and after a takeover.</summary>
public sealed class EventPublisherTests : IDisposable
{
    private static readonly RunId Run = RunId.Parse("a");
    private readonly TemporaryDirectory _directory = new();
    private readonly RunStore _store;

    public EventPublisherTests() => _store = new(Options.Create(new TbpttGrainsOptions { RunsDirectory = _directory.Path }));

    [Fact]
    public async Task EachNthStepIsKept_AndEveryOtherEvent()
    {
        var events = await Publish(1, 10, after: 0, publisher => publisher.Append(new RunWarning { Message = "w" }));

        Assert.Equal([3, 6, 9], events.OfType<StepCommitted>().Select(step => step.Step));
        Assert.Single(events.OfType<EpochFinished>());
        Assert.Single(events.OfType<RunWarning>());
        Assert.Equal(Enumerable.Range(1, events.Count).Select(number => (long)number), events.Select(one => one.Number));
    }

    [Fact]
    public async Task TakeoverBetweenKeptSteps_RepeatsNone_AndFindsTheEventOfEachStep()
    {
        // Events: run, steps 3, 6, 9, epoch.
        await Publish(1, 10, after: 0);
        List<long> numbers = [];

        var events = await Publish(2, 13, after: 1, publisher =>
            numbers.AddRange(new[] { 2, 3, 5, 6, 8, 9 }.Select(step => publisher.NumberBefore(step, epoch: null))));

        Assert.Equal([1, 2, 2, 3, 3, 4], numbers);
        Assert.Equal([3, 6, 9, 12], events.OfType<StepCommitted>().Select(step => step.Step));
    }

    public void Dispose() => _directory.Dispose();

    private async Task<List<RunEvent>> Publish(long from, long to, long after, Action<EventPublisher>? meanwhile = null)
    {
        var fence = new RunFence(_store, Run);
        string path = _store.Of(Run).Metrics;
        await using (var journal = new RunJournal(path, fence.Unfinished, () => fence.IsInForce, TimeProvider.System))
        {
            var spec = TestSpecs.Average() with { Metrics = new() { Every = 3 } };
            var publisher = new EventPublisher(fence, journal, new(path, after, spec.Train.Trainers), TimeProvider.System);
            publisher.Start(spec, new() { Id = "a", Name = "a", State = RunState.Running, Epochs = 1 }, checkpoint: null, passedOver: []);
            for (long step = from; step <= to; step++)
                Assert.Null(publisher.Step(step, epoch: 0, new StepOutcome.Committed(step, 1, 1, 1), TimeSpan.FromSeconds(1)));
            publisher.Epoch(epoch: 0, to, loss: 1, held: null, metrics: [], TimeSpan.FromSeconds(1));
            meanwhile?.Invoke(publisher);
        }

        return [.. new JournalReader(path).Read(0, 1_000).Lines.Select(RunJson.ReadEvent)];
    }
}
