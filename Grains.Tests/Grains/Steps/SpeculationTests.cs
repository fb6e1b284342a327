using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>Silos that are late, whose tickets also go to another one.</summary>
[Slow]
public sealed class SpeculationTests : SpeculationTest
{
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
        await StartAsync(chunk => IsLate(chunk, 0) ? Late.Pass() : null, directSteps);
        var spec = Spec(trainers, isLarge);
        spec = spec with { Train = spec.Train with { Wire = wire, Shards = shards, Accumulate = 2 } };

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        var move = AssertMoved(run);
        Assert.Matches(@"^.* did not answer for \d(\.\d+)? s, where a step takes .* s; .* was first to compute the same$", move.Reason);
        Assert.DoesNotContain(run.Status.Trainers, trainer => IsOn(trainer, Others[0]));
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
                        Late.Pass().Wait();
                },
            });
        var spec = Spec(trainers: 3, isLarge: true);
        spec = spec with { Train = spec.Train with { Wire = wire } };

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.True(Late.Reached.IsCompleted);
        AssertMoved(run);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnswerThatComesLate_IsNoPartOfALaterStep(bool directSteps)
    {
        using var next = new Halt();
        await StartAsync(
            chunk => IsLate(chunk, 0) ? Late.Pass()
                : chunk.Chunk == LateChunk + 2 && chunk.Replica < 5 ? next.Pass() : null,
            directSteps);
        var spec = Spec(trainers: 5);
        var id = await SubmitAsync(spec);
        await AdvanceUntilAsync(Silos.Until<TrainersMoved>(id, _ => true));
        await next.Reached;

        Late.Continue();
        await LookAsync(200);
        next.Continue();
        var run = await Silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertMoved(run);
    }

    [Fact]
    public async Task TrainersStay_WhereTheyAnswerBeforeTheirSpares()
    {
        using var spare = new Halt();
        await StartAsync(chunk => IsLate(chunk, 0) ? Late.Pass() : chunk.Replica >= 3 ? spare.Pass() : null);
        var spec = Spec(trainers: 3);
        var id = await SubmitAsync(spec);
        await AdvanceUntilAsync(spare.Reached);

        Late.Continue();
        var run = await Silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertNobodyMoved(run);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnotherSiloIsAsked_WhereTheSpareFailsAsWell_OrIsLate(bool fails)
    {
        await StartAsync(chunk => IsLate(chunk, 0) || (chunk.Replica == 3 && !fails) ? Late.Pass()
            : chunk.Replica == 3 ? throw new InvalidOperationException("out of memory") : null);
        var spec = Spec(trainers: 3);

        var run = await MovedAsync(await SubmitAsync(spec));

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertMoved(run);
        Assert.Equal(2, Replicas.Opened.Skip(3).Distinct().Count());
    }

    [Fact]
    public async Task BothSilos_AreAnsweredFor_WhereBothAreLate()
    {
        await StartAsync(chunk => IsLate(chunk, 0) || IsLate(chunk, 1) ? Late.Pass() : null);
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
            Replicas.Unlike = (3, "another processor's");
        await StartAsync(chunk => IsLate(chunk, 0) ? Late.Pass() : null);
        var spec = Spec(trainers: 3) with
        {
            Audit = why == "audited" ? new() { Every = 1 } : null,
            Speculate = why == "off" ? SpeculationKind.Off : SpeculationKind.Auto,
        };
        var id = await SubmitAsync(spec);
        await Late.Reached;
        await AdvanceAsync(Furthest / 2);

        Late.Continue();
        var run = await Silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertNobodyMoved(run);
    }
}
