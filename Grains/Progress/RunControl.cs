using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Progress;

/// <summary>What others want of a run that is being trained.</summary>
internal sealed class RunControl
{
    private readonly TaskCompletionSource<RunLeave> _now = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RunLeave> _atBoundary = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AuditWish? _auditing;

    /// <summary>The run shall end, without waiting for the step in flight; the first reason stands.</summary>
    public void Stop(string reason)
    {
        _now.TrySetResult(new(RunState.Stopped, reason));
        _atBoundary.TrySetResult(new(RunState.Stopped, reason));
    }

    /// <summary>The run has reached an end that could not be written: it shall have that end, and nothing else.</summary>
    public void EndAs(RunLeave end)
    {
        _now.TrySetResult(end);
        _atBoundary.TrySetResult(end);
    }

    /// <summary>The run shall be paused after the step in flight.</summary>
    public void Pause(string reason) => _atBoundary.TrySetResult(new(RunState.Paused, reason));

    /// <summary>Another silo shall take the run over after the step in flight: this one is about to end.</summary>
    public void HandOver(string reason) => _atBoundary.TrySetResult(new(RunState.Queued, reason));

    /// <summary>The wish for another number of trainers that is being carried out, or was last; null for none.</summary>
    public ResizeWish? Resizing { get; private set; }

    /// <summary>Called when there is a further wish of that kind.</summary>
    public Action? ResizeWished { get; set; }

    /// <summary>Another number of trainers shall work on the run's shards, from some step in the near future on.</summary>
    /// <param name="trainers">How many.</param>
    /// <param name="reason">In words, who wants it or why.</param>
    /// <returns>The wish; the one that is being carried out where it is for as many.</returns>
    public ResizeWish Resize(int trainers, string reason)
    {
        if (Resizing is not { Done.IsCompleted: false } before)
        {
            var wish = Resizing = new(trainers, reason);
            ResizeWished?.Invoke();
            return wish;
        }

        if (before.Trainers == trainers)
            return before;
        var refused = new ResizeWish(trainers, reason);
        refused.Finish(IsResizing(before));
        return refused;
    }

    /// <summary>Why there is no further wish while one is carried out.</summary>
    public static string IsResizing(ResizeWish before) =>
        $"the run is being given {before.Trainers} trainers at the moment: ask again when it has them";

    /// <summary>The wish for an audit that is to be carried out; null for none.</summary>
    public AuditWish? Auditing => _auditing is { Done.IsCompleted: false } wish ? wish : null;

    /// <summary>The next step shall be audited.</summary>
    /// <returns>The wish; the one that is to be carried out already where there is one.</returns>
    public AuditWish Audit() => Auditing ?? (_auditing = new());

    /// <summary>Completes when the run shall end without waiting for the step in flight.</summary>
    public Task Stopped => _now.Task;

    /// <summary>Leaves the run if it is <see cref="Stopped"/>.</summary>
    /// <exception cref="RunLeftException">The run shall end.</exception>
    public void ThrowIfStopped() => ThrowIfAsked(_now.Task);

    /// <summary>Waits for a step's answers, but not beyond a stop: what they would have brought is then no part of the run.</summary>
    /// <exception cref="RunLeftException">The run shall end.</exception>
    public Task<T> OrStop<T>(Task<T> task) => Or(task, _now.Task);

    /// <summary>Waits for something that no step depends on, but not beyond any wish.</summary>
    /// <exception cref="RunLeftException">The run shall end, be paused, or go elsewhere.</exception>
    public Task<T> OrLeave<T>(Task<T> task) => Or(task, _atBoundary.Task);

    /// <summary>Between two steps: leaves the run if somebody wants so.</summary>
    /// <exception cref="RunLeftException">The run shall end, be paused, or go elsewhere.</exception>
    public void ThrowIfAsked() => ThrowIfAsked(_now.Task.IsCompleted ? _now.Task : _atBoundary.Task);

    /// <inheritdoc cref="OrLeave{T}"/>
    public async Task OrLeave(Task task)
    {
        await Task.WhenAny(task, _atBoundary.Task);
        ThrowIfAsked(_atBoundary.Task);
        await task;
    }

    private static async Task<T> Or<T>(Task<T> task, Task<RunLeave> wish)
    {
        await Task.WhenAny(task, wish);
        ThrowIfAsked(wish);
        return await task;
    }

    private static void ThrowIfAsked(Task<RunLeave> wish)
    {
        if (wish.IsCompleted)
            throw new RunLeftException(wish.Result);
    }
}

/// <summary>How this coordinator leaves a run before its last epoch.</summary>
/// <param name="State">An end; or paused; or queued, for another silo to take over.</param>
/// <param name="Message">Why, in words.</param>
internal sealed record RunLeave(RunState State, string Message)
{
    /// <summary>Whether the run is stopped by a limit of its spec: it leaves a model.</summary>
    public bool IsLimit { get; init; }

    /// <summary>The model's file, where the run has left one.</summary>
    public string? Model { get; init; }
}

/// <summary>The coordinator leaves the run before its last epoch, for a reason that is not a bug.</summary>
internal sealed class RunLeftException(RunLeave leave) : Exception(leave.Message)
{
    public RunLeftException(RunState state, string message) : this(new RunLeave(state, message))
    {
    }

    /// <summary>How it is left.</summary>
    public RunLeave Leave { get; } = leave;
}
