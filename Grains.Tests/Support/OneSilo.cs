using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>A silo for the tests of a class, and a hand in its trainers' calls.</summary>
public sealed class OneSilo : IAsyncLifetime
{
    internal TestSilos Silos { get; private set; } = null!;

    internal TrainerCalls Calls { get; } = new();

    public async ValueTask InitializeAsync() => Silos = await TestSilos.Start(1, silo => silo.AddIncomingGrainCallFilter(Calls));

    public ValueTask DisposeAsync() => Silos.DisposeAsync();

    /// <summary>Submits a run, and does something to it while a call of trainer 1 is held back.</summary>
    /// <param name="spec">What to train.</param>
    /// <param name="method">The trainer's method.</param>
    /// <param name="at">The step or chunk of the call.</param>
    /// <param name="interrupt">What is done to the run.</param>
    internal async Task<(RunId Run, ICoordinatorGrain Coordinator)> InterruptedAt(RunSpec spec, string method, long at,
        Func<ICoordinatorGrain, Task> interrupt)
    {
        Calls.Reset();
        using var halt = Calls.HaltBefore(call => call.Is(method, 1, at));
        var run = await Silos.Submit(spec);
        await halt.Reached;
        var coordinator = Silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        var interrupting = interrupt(coordinator);
        // Sent behind it: when this is answered, the coordinator knows of the interruption. The run may be close to its end.
        await coordinator.GetStatus();
        Calls.Reset();
        halt.Continue();
        await interrupting;
        return (run, coordinator);
    }

    /// <summary>Resumes a run that was paused or stopped, and watches it to its end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="coordinator">Its coordinator.</param>
    /// <param name="ends">How often it has ended then.</param>
    internal async Task<FinishedRun> Resume(RunId run, ICoordinatorGrain coordinator, int ends)
    {
        Assert.Equal("", (await coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current))).Problem);
        while (await coordinator.GetStatus() is { State: RunState.Starting })
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        return await Silos.Watch(run, ends);
    }

    /// <summary>Trains while the first matching call of each trainer named fails.</summary>
    /// <param name="spec">What to train.</param>
    /// <param name="afterTheWork">Whether the trainer does its work before the call fails.</param>
    /// <param name="lost">The trainers.</param>
    /// <param name="where">Which calls match.</param>
    internal async Task<FinishedRun> TrainLosing(RunSpec spec, bool afterTheWork, int[] lost, Func<TrainerCall, bool> where)
    {
        Calls.Reset();
        var left = new HashSet<int>(lost);
        Task Fail(TrainerCall call)
        {
            lock (left)
                return where(call) && left.Remove(call.Trainer) ? throw new InvalidOperationException("unplugged") : Task.CompletedTask;
        }

        if (afterTheWork)
            Calls.After = Fail;
        else
            Calls.Before = Fail;
        var run = await Silos.Train(spec);
        Assert.Empty(left);
        return run;
    }
}
