using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

/// <summary>What else a step waits for while spares answer for a silo that is late, and when no spares are asked.</summary>
[Slow]
public sealed class SpeculationBoundsTests : SpeculationTest
{
    /// <summary>The silo that is late never answers, and its spares have before the coordinator's own trainers do.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Step_IsOver_WhenTheLastOfTheOthersAnswersOrFails_AfterTheSpares(bool fails)
    {
        using var own = new Halt();
        var asked = new TaskCompletionSource();
        await StartAsync(chunk =>
        {
            if (chunk.Replica >= 5)
                asked.TrySetResult();
            return IsLate(chunk, 0) ? Late.Pass() : IsOwnAt(chunk, LateChunk) ? FailIf(fails, own.Pass()) : null;
        });
        var spec = Spec(trainers: 5);
        var id = await SubmitAsync(spec);
        await own.Reached;
        await AdvanceUntilAsync(asked.Task);
        await LookAsync(200);

        own.Continue();
        var run = await Silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        Assert.Equal(fails, run.Events.OfType<TrainersRecovered>().Any());
        Assert.Contains(run.Events.OfType<TrainersMoved>(), move => move.Reason.EndsWith("to compute the same", StringComparison.Ordinal));
    }

    [Fact]
    public async Task NoSpareIsAsked_ForASecond_WhereNobodyHasAnswered()
    {
        using var own = new Halt();
        using var other = new Halt();
        await StartAsync(chunk => IsLate(chunk, 0) ? Late.Pass() : IsLate(chunk, 1) ? other.Pass()
            : IsOwnAt(chunk, LateChunk) ? own.Pass() : null);
        var spec = Spec(trainers: 5);
        var id = await SubmitAsync(spec);
        await Task.WhenAll(Late.Reached, other.Reached, own.Reached);

        await AdvanceAsync(TimeSpan.FromSeconds(0.9));
        Assert.Equal(5, Replicas.Opened.Count);
        await AdvanceAsync(TimeSpan.FromSeconds(0.5));
        own.Continue();
        var run = await MovedAsync(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertMoved(run);
    }

    [Fact]
    public async Task NoSpareIsAsked_ForAWhile_WhereTheSiloAnsweredBeforeItsSpares()
    {
        using var spare = new Halt();
        using var again = new Halt();
        await StartAsync(chunk => IsLate(chunk, 0) ? Late.Pass() : chunk.Replica >= 3 ? spare.Pass()
            : chunk.Chunk == LateChunk + 2 && chunk.Silo.Equals(Others.FirstOrDefault()) ? again.Pass() : null);
        var spec = Spec(trainers: 3);
        var id = await SubmitAsync(spec);
        await AdvanceUntilAsync(spare.Reached);
        Late.Continue();
        await again.Reached;

        await AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(4, Replicas.Opened.Count);
        again.Continue();
        var run = await Silos.Watch(id);

        RunAssert.SameBits(Oracle.Of(spec), run);
        AssertNobodyMoved(run);
    }

    [Fact]
    public async Task NoSpareIsAsked_WhenTheRunIsLeft()
    {
        await StartAsync(chunk => IsLate(chunk, 0) ? Late.Pass() : null);
        var id = await SubmitAsync(Spec(trainers: 3));
        await Late.Reached;
        await Silos.Grains.GetGrain<ICoordinatorGrain>(id.Text).StopRun("not wanted any more");

        await AdvanceAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(3, Replicas.Opened.Count);
        Late.Continue();
        Assert.Equal(RunState.Stopped, (await Silos.Watch(id)).Status.State);
    }

    private static async Task FailIf(bool fails, Task held)
    {
        await held;
        if (fails)
            throw new InvalidOperationException("out of memory");
    }

    /// <summary>
    /// Whether it is one of a trainer on the coordinator's silo, which has two of five: a single one would compute on the coordinator's
    /// own thread.
    /// </summary>
    private bool IsOwnAt(HeldChunk chunk, int number) => chunk.Replica < 5 && chunk.Chunk == number && chunk.Silo.Equals(Own);
}
