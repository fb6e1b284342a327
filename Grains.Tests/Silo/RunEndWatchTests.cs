using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Lifetime;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Tests.Silo;

public sealed class RunEndWatchTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Queue<Func<RunStatus>> _answers = new();
    private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task DetachedSilo_WaitsThroughUnknownAndUnreachable_UntilTheRunHasEnded()
    {
        _answers.Enqueue(() => throw new RunNotFoundException("wave-1"));
        _answers.Enqueue(() => Status(RunState.Running));
        _answers.Enqueue(() => throw new TimeoutException());
        _answers.Enqueue(() => Status(RunState.Stopped));
        var watching = WatchAsync();

        for (int question = 0; question < 4; question++)
        {
            Assert.False(watching.IsCompleted);
            await TickAsync(RunEndWatch.Period);
        }

        await watching;
        Assert.Empty(_answers);
    }

    [Fact]
    public async Task DetachedSilo_GivesUp_WhenItsRunNeverComes()
    {
        _answers.Enqueue(() => throw new RunNotFoundException("wave-1"));
        var watching = WatchAsync();

        await TickAsync(RunEndWatch.Patience);

        await watching;
    }

    [Theory]
    [InlineData(RunState.Completed)]
    [InlineData(RunState.Failed)]
    public async Task DetachedSilo_WaitsUntilItsSweepHasEnded(RunState end)
    {
        Queue<Func<SweepStatus>> answers = new(
            [() => throw new SweepNotFoundException("wave"), () => Sweep(RunState.Running),
                () => Sweep(end)]);
        var watching = RunEndWatch.OfSweep(
            () =>
            {
                _asked.SetResult();
                return Task.FromResult(answers.Dequeue()());
            }, _time, NullLogger.Instance).WaitAsync(TestContext.Current.CancellationToken);

        for (int question = 0; question < 3; question++)
        {
            Assert.False(watching.IsCompleted);
            await TickAsync(RunEndWatch.Period);
        }

        await watching;
        Assert.Empty(answers);
    }

    private static SweepStatus Sweep(RunState state) => new() { Id = "wave", Name = "wave", State = state };

    private static RunStatus Status(RunState state) => new() { Id = "wave-1", Name = "wave", State = state, Epochs = 1 };

    private Task WatchAsync() =>
        RunEndWatch.OfRun(Ask, _time, NullLogger.Instance).WaitAsync(TestContext.Current.CancellationToken);

    private Task<RunStatus> Ask()
    {
        try
        {
            return Task.FromResult(_answers.Dequeue()());
        }
        finally
        {
            _asked.SetResult();
        }
    }

    private async Task TickAsync(TimeSpan time)
    {
        _time.Advance(time);
        await _asked.Task;
        _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
