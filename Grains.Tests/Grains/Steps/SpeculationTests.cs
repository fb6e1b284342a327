using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>Silos that are late, whose tickets also go to another one. The coordinator's clock is the test's.</summary>
[Slow]
public sealed class SpeculationTests : IAsyncDisposable
{
    /// <summary>The chunk of its own that a silo is late with: by then there is a usual time.</summary>
    private const int LateChunk = 12;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>Moved further, the clock would have silos that are late taken for lost.</summary>
    private static readonly TimeSpan Furthest = TimeSpan.FromSeconds(8);

    private readonly FakeTimeProvider _time = new();
    private readonly HeldReplicas _replicas = new();
    private readonly Halt _late = new();
    private readonly TaskCompletionSource _ready = new();
    private TestSilos _silos = null!;
    private SiloAddress[] _others = [];
    private ICoordinatorGrain _coordinator = null!;

    public async ValueTask DisposeAsync()
    {
        _late.Dispose();
        _ready.TrySetResult();
        await _silos.DisposeAsync();
    }

    [Theory]
    [InlineData(3, null, WireKind.Full, false, true)]
    [InlineData(3, null, WireKind.Full, false, false)]
    [InlineData(5, null, WireKind.Bfloat16, false, true)]
    [InlineData(3, 6, WireKind.Full, false, true)]
    [InlineData(3, null, WireKind.Full, true, true)]
    [InlineData(5, null, WireKind.Bfloat16, true, true)]
    [InlineData(3, 5, WireKind.Full, true, false)]
    public async Task SpareAnswers_AndTakesTheTrainersPlace_WhereASiloIsLate(
        int trainers, int? shards, WireKind wire, bool isLarge, bool directSteps)
    {
        await StartAsync(chunk => IsLate(chunk, 0) ? _late.Pass() : null, directSteps);
        var spec = Spec(trainers, isLarge);
        spec = spec with { Train = spec.Train with { Wire = wire, Shards = shards, Accumulate = 2 } };

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        var move = AssertMoved(run);
        Assert.Matches(@"^.* did not answer for \d(\.\d+)? s, where a step takes .* s; .* was first to compute the same$", move.Reason);
        Assert.DoesNotContain(run.Status.Trainers, trainer => IsOn(trainer, _others[0]));
        Assert.Equal(1, run.Status.Generation);
    }

    /// <summary>The silo sends the first of its sums, and then nothing more.</summary>
    [Theory]
    [InlineData(WireKind.Full)]
    [InlineData(WireKind.Bfloat16)]
    public async Task SpareAnswers_WhereASiloFallsSilentAmongItsSums(WireKind wire)
    {
        int written = 0;
        var computes = new TaskCompletionSource();
        await StartAsync(
            chunk =>
            {
                if (IsLate(chunk, 0))
                    computes.TrySetResult();
                return null;
            },
            directSteps: true, channels: new()
            {
                // After its reply and the first sums.
                SiloWrites = () =>
                {
                    if (computes.Task.IsCompleted && Interlocked.Increment(ref written) == 5)
                        _late.Pass().Wait();
                },
            });
        var spec = Spec(trainers: 3, isLarge: true);
        spec = spec with { Train = spec.Train with { Wire = wire } };

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.True(_late.Reached.IsCompleted);
        AssertMoved(run);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnswerThatComesLate_IsNoPartOfALaterStep(bool directSteps)
    {
        using var next = new Halt();
        await StartAsync(
            chunk => IsLate(chunk, 0) ? _late.Pass()
                : chunk.Chunk == LateChunk + 2 && chunk.Replica < 5 ? next.Pass() : null,
            directSteps);
        var spec = Spec(trainers: 5);
        var id = await SubmitAsync(spec);
        await AdvanceUntilAsync(_silos.Until<TrainersMoved>(id, _ => true));
        await next.Reached;

        _late.Continue();
        for (int turn = 0; turn < 200; turn++)
            await _coordinator.GetStatus();
        next.Continue();
        var run = await _silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertMoved(run);
    }

    [Fact]
    public async Task TrainersStay_WhereTheyAnswerBeforeTheirSpares()
    {
        using var spare = new Halt();
        await StartAsync(chunk => IsLate(chunk, 0) ? _late.Pass() : chunk.Replica >= 3 ? spare.Pass() : null);
        var spec = Spec(trainers: 3);
        var id = await SubmitAsync(spec);
        await AdvanceUntilAsync(spare.Reached);

        _late.Continue();
        var run = await _silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertNobodyMoved(run);
    }

    [Fact]
    public async Task AnotherSiloIsAsked_WhereTheSpareFailsAsWell()
    {
        await StartAsync(chunk => IsLate(chunk, 0) ? _late.Pass()
            : chunk.Replica == 3 ? throw new InvalidOperationException("out of memory") : null);
        var spec = Spec(trainers: 3);

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertMoved(run);
        Assert.Equal(2, _replicas.Opened.Skip(3).Distinct().Count());
    }

    [Fact]
    public async Task BothSilos_AreAnsweredFor_WhereBothAreLate()
    {
        await StartAsync(chunk => IsLate(chunk, 0) || IsLate(chunk, 1) ? _late.Pass() : null);
        var spec = Spec(trainers: 3);

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertMoved(run);
        Assert.Equal(2, run.Events.OfType<TrainersMoved>().SelectMany(move => move.Trainers).Distinct().Count());
        Assert.Single(run.Status.Trainers.Select(trainer => trainer.Silo).Distinct());
    }

    /// <summary>No other silo computes with the same arithmetic, or the step is audited, or the spec says so.</summary>
    [Theory]
    [InlineData("unlike")]
    [InlineData("audited")]
    [InlineData("off")]
    public async Task Step_WaitsForTheSilo_WhereNobodySpeculates(string why)
    {
        if (why == "unlike")
            _replicas.Unlike = (3, "another processor's");
        await StartAsync(chunk => IsLate(chunk, 0) ? _late.Pass() : null);
        var spec = Spec(trainers: 3) with
        {
            Audit = why == "audited" ? new() { Every = 1 } : null,
            Speculate = why == "off" ? SpeculationKind.Off : SpeculationKind.Auto,
        };
        var id = await SubmitAsync(spec);
        await _late.Reached;
        for (var moved = TimeSpan.Zero; moved < Furthest / 2; moved += Tick)
            await AdvanceAsync();

        _late.Continue();
        var run = await _silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertNobodyMoved(run);
    }

    /// <summary>While a test looks, the clock may have been moved further, and others been late by that.</summary>
    private static TrainersMoved AssertMoved(FinishedRun run)
    {
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        var first = run.Events.OfType<TrainersMoved>().First();
        Assert.All(first.Trainers, trainer => Assert.NotEqual(0, run.Status.Trainers[trainer].Place));
        return first;
    }

    private static void AssertNobodyMoved(FinishedRun run)
    {
        Assert.Empty(run.Events.OfType<TrainersMoved>());
        Assert.Empty(run.Events.OfType<TrainersRecovered>());
        Assert.All(run.Status.Trainers, trainer => Assert.Equal(0, trainer.Place));
    }

    private static bool IsOn(TrainerStatus trainer, SiloAddress silo) =>
        trainer.Silo.Contains($"{silo.Endpoint}", StringComparison.Ordinal);

    private static RunSpec Spec(int trainers, bool isLarge = false)
    {
        var spec = TestSpecs.Average(trainers, layers: 2, dropout: 0.2, epochs: 2, validationFraction: 0.2);
        return spec with
        {
            Speculate = SpeculationKind.Auto,
            Model = isLarge ? spec.Model with { HiddenSize = 200 } : spec.Model,
            Data = spec.Data.From<AverageSource>(average => average with { SequenceLength = 60 }),
        };
    }

    /// <summary>Whether a silo other than the coordinator's is at the chunk that it is late with.</summary>
    private bool IsLate(HeldChunk chunk, int other) =>
        chunk.Chunk == LateChunk && chunk.Replica < 5 && other < _others.Length && chunk.Silo.Equals(_others[other]);

    /// <summary>Starts silos whose chunks wait for what a test says; for nothing where that is null.</summary>
    private async Task StartAsync(
        Func<HeldChunk, Task?> hold, bool directSteps = true, WatchedChannels? channels = null)
    {
        _replicas.Before = chunk =>
        {
            // Until it is known which silo is the coordinator's.
            _ready.Task.Wait();
            hold(chunk)?.Wait();
        };
        _silos = await TestSilos.Start(3, silo =>
        {
            _replicas.AddTo(silo);
            if (channels is not null)
                silo.Services.AddSingleton<IChannelSecurity>(channels);
            silo.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<RunServices>(services) with { Time = _time });
        }, directSteps: directSteps);
    }

    private async Task<RunId> SubmitAsync(RunSpec spec)
    {
        var run = await _silos.Submit(spec);
        _coordinator = _silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var own = await _silos.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(_coordinator);
        _others = [.. _silos.Cluster.Silos.Select(silo => silo.SiloAddress).Where(silo => !silo.Equals(own))];
        _ready.SetResult();
        return run;
    }

    /// <summary>Moves the coordinator's clock until trainers have moved. Then it stands still: nobody else is late by it.</summary>
    private async Task<FinishedRun> MovedAsync(RunId run)
    {
        await AdvanceUntilAsync(_silos.Until<TrainersMoved>(run, _ => true));
        return await _silos.Watch(run);
    }

    /// <summary>Moves the coordinator's clock, and lets it look, until something has happened.</summary>
    private async Task AdvanceUntilAsync(Task happened)
    {
        await Task.WhenAny(_late.Reached, happened);
        for (var moved = TimeSpan.Zero; !happened.IsCompleted && moved < Furthest; moved += Tick)
            await AdvanceAsync();
        await happened;
    }

    /// <summary>Coordinator and silos, which have another clock, get the time of some calls between two looks.</summary>
    private async Task AdvanceAsync()
    {
        for (int call = 0; call < 40; call++)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await _coordinator.GetStatus();
        }

        _time.Advance(Tick);
    }
}
