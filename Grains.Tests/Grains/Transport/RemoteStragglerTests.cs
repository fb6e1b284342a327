using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Transport;

/// <summary>A trainer that does not answer, on a silo whose exchange and other trainer do. The coordinator's clock is the test's.</summary>
public sealed class RemoteStragglerTests : IAsyncLifetime
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly FakeTimeProvider _time = new();
    private readonly TrainerCalls _calls = new();
    private TestSilos _silos = null!;

    public async ValueTask InitializeAsync() => _silos = await TestSilos.Start(2, silo =>
    {
        silo.AddIncomingGrainCallFilter(_calls);
        silo.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<RunServices>(services) with { Time = _time });
    });

    public ValueTask DisposeAsync() => _silos.DisposeAsync();

    [Fact]
    public async Task OnlyTheTrainerThatDoesNotAnswer_IsShownAsLate_AndReplaced()
    {
        var spec = TestSpecs.Average(trainers: 6, epochs: 4);
        var oracle = Oracle.Of(spec);
        long step = oracle.Steps.Count - 1;
        using var halt = _calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 4, step) && call.Generation == 1);
        var run = await _silos.Submit(spec);
        await halt.Reached;
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        var late = await ContinueUntil(coordinator, trainers => trainers.Count(trainer => trainer.State == TrainerState.Late) == 1
            && trainers[4].State == TrainerState.Late);
        await ContinueUntil(coordinator, IsReplaced);
        var finished = await _silos.Watch(run);

        Assert.Single(late.Select(trainer => trainer.Silo).Skip(3).Distinct());
        Assert.Equal([TrainerState.Waiting, TrainerState.Late, TrainerState.Waiting], late.Skip(3).Select(trainer => trainer.State));
        RunAssert.SameBits(oracle, finished);
        var recovery = Assert.Single(finished.Events.OfType<TrainersRecovered>());
        Assert.Equal([4], recovery.Trainers);
        Assert.Matches(@"^trainer 4 is lost: .* did not answer for 1\d\.\d s, where a step takes ", recovery.Reason);
        Assert.Equal([0, 0, 0, 0, 1, 0], finished.Status.Trainers.Select(trainer => trainer.Place));
    }

    [Fact]
    public async Task AnswerThatComesLate_IsNoPartOfALaterStep()
    {
        var spec = TestSpecs.Average(trainers: 6, epochs: 4);
        var oracle = Oracle.Of(spec);
        long step = oracle.Steps.Count - 2;
        using var late = _calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 4, step) && call.Generation == 1);
        using var next = new Halt();
        _calls.After = call => call.Is(nameof(ITrainerGrain.TrainChunk), 0, step + 1) ? next.Pass() : Task.CompletedTask;
        var run = await _silos.Submit(spec);
        await late.Reached;
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        await ContinueUntil(coordinator, IsReplaced);
        await next.Reached;

        // Its silo answers for all of its trainers now, in the middle of the step behind.
        late.Continue();
        for (int turn = 0; turn < 200; turn++)
            await coordinator.GetStatus();
        next.Continue();
        var finished = await _silos.Watch(run);

        RunAssert.SameBits(oracle, finished);
        Assert.Single(finished.Events.OfType<TrainersRecovered>());
    }

    private static bool IsReplaced(IReadOnlyList<TrainerStatus> trainers) => trainers[4].Place == 1;

    /// <summary>Moves the coordinator's clock, and lets it look, until the trainers are as wanted, or trainer 4 is replaced.</summary>
    private async Task<IReadOnlyList<TrainerStatus>> ContinueUntil(
        ICoordinatorGrain coordinator, Func<IReadOnlyList<TrainerStatus>, bool> wanted)
    {
        while (true)
        {
            // Which of its trainers have answered, the other silo says by another clock: it gets the time of some calls between two looks.
            for (int call = 0; call < 40; call++)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                var trainers = (await coordinator.GetStatus()).Trainers;
                if (wanted(trainers) || IsReplaced(trainers))
                    return trainers;
            }

            _time.Advance(Look);
        }
    }
}
