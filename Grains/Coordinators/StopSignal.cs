using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Coordinators;

/// <summary>Somebody's wish that a run ends before its last epoch.</summary>
internal sealed class StopSignal
{
    private readonly TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Asks; the first reason stands.</summary>
    public void Ask(string reason) => _asked.TrySetResult(reason);

    /// <summary>Waits for a task, but not beyond a stop: what the task would have brought is then no part of the run.</summary>
    /// <exception cref="RunEndedException">The run shall end.</exception>
    public async Task<T> Or<T>(Task<T> task)
    {
        await Task.WhenAny(task, _asked.Task);
        ThrowIfAsked();
        return await task;
    }

    /// <summary>Ends the run if somebody has asked for it.</summary>
    /// <exception cref="RunEndedException">The run shall end.</exception>
    public void ThrowIfAsked()
    {
        if (_asked.Task.IsCompleted)
            throw new RunEndedException(RunState.Stopped, _asked.Task.Result);
    }
}

/// <summary>The run ends before its last epoch, for a reason that is not a bug.</summary>
internal sealed class RunEndedException(RunState state, string message) : Exception(message)
{
    /// <summary>How it ends.</summary>
    public RunState State { get; } = state;
}
