using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>A trainer whose silo lives and that does not answer. The coordinator's clock is the test's.</summary>
public sealed class StragglerTests : IAsyncLifetime
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.2, validationFraction: 0.2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private readonly FakeTimeProvider _time = new();
    private readonly TrainerCalls _calls = new();
    private TestSilos _silos = null!;

    public async ValueTask InitializeAsync() => _silos = await TestSilos.Start(1, silo =>
    {
        silo.AddIncomingGrainCallFilter(_calls);
        silo.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<RunServices>(services) with { Time = _time });
    });

    public ValueTask DisposeAsync() => _silos.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainerThatDoesNotAnswer_IsShownAsLate_ThenReplaced_AndTheBitsAreTheSame(bool answersAfterAll)
    {
        // The first step of the second epoch, when there is a usual time.
        var oracle = Oracle.Of(Spec);
        long step = oracle.Steps.Count / 2;
        using var halt = _calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, step) && call.Generation == 1);
        var run = await _silos.Submit(Spec);
        await halt.Reached;
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        var late = await ContinueUntil(coordinator, TrainerState.Late, place: 0);
        await ContinueUntil(coordinator, state: null, place: 1);
        if (answersAfterAll)
            halt.Continue();
        var finished = await _silos.Watch(run);

        Assert.InRange(late, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(9.5));
        RunAssert.SameBits(oracle, finished);
        var recovery = Assert.Single(finished.Events.OfType<TrainersRecovered>());
        Assert.Equal(step + 1, recovery.Step);
        Assert.Equal([1], recovery.Trainers);
        Assert.Matches(@"^trainer 1 is lost: .* did not answer for 1\d\.\d s, where a step takes ", recovery.Reason);
        Assert.Equal([0, 1, 0], finished.Status.Trainers.Select(trainer => trainer.Place));
    }

    [Fact]
    public async Task TrainerThatAnswersLate_StaysWhereItIs()
    {
        using var halt = _calls.HaltBefore(call => call.Is(nameof(ITrainerGrain.TrainChunk), 1, 7));
        var run = await _silos.Submit(Spec);
        await halt.Reached;
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        await ContinueUntil(coordinator, TrainerState.Late, place: 0);
        var others = (await coordinator.GetStatus()).Trainers;
        halt.Continue();
        var finished = await _silos.Watch(run);

        Assert.DoesNotContain(TrainerState.Late, new[] { others[0].State, others[2].State });
        RunAssert.SameBits(Oracle.Of(Spec), finished);
        Assert.Empty(finished.Events.OfType<TrainersRecovered>());
        Assert.Equal([0, 0, 0], finished.Status.Trainers.Select(trainer => trainer.Place));
    }

    [Fact]
    public async Task TrainerThatDoesNotAnswerInAnEvaluation_IsReplaced_AndTheBitsAreTheSame()
    {
        // The evaluation of the second epoch, whose own usual time comes from the first.
        var spec = Spec with { Data = Spec.Data.From<AverageSource>(average => average with { SequenceLength = 60 }) };
        var oracle = Oracle.Of(spec);
        bool second = false;
        using var halt = _calls.HaltBefore(call =>
        {
            second |= call.Is(nameof(ITrainerGrain.TrainChunk), 2, oracle.Steps.Count / 2);
            return second && call.Is(nameof(ITrainerGrain.EvaluateChunk), 2, 1) && call.Generation == 1;
        });
        var run = await _silos.Submit(spec);
        await halt.Reached;
        var coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);

        await ContinueUntil(coordinator, state: null, place: 1, trainer: 2);
        var finished = await _silos.Watch(run);

        RunAssert.SameBits(oracle, finished);
        Assert.Equal([2], Assert.Single(finished.Events.OfType<TrainersRecovered>()).Trainers);
    }

    /// <summary>Moves the coordinator's clock, and lets it look, until the trainer is in a place, and in a state if one is given.</summary>
    /// <returns>How far the clock was moved.</returns>
    private async Task<TimeSpan> ContinueUntil(ICoordinatorGrain coordinator, TrainerState? state, int place, int trainer = 1)
    {
        // The others answer by another clock.
        while ((await coordinator.GetStatus()).Trainers.Any(other => other.Index != trainer && other.State != TrainerState.Waiting))
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        var began = _time.GetUtcNow();
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var one = (await coordinator.GetStatus()).Trainers[trainer];
            if (one.Place == place && one.State == (state ?? one.State))
                return _time.GetUtcNow() - began;
            _time.Advance(Look);
        }
    }
}
