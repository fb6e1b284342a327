using System.Collections.Concurrent;

namespace Orleans.Tbptt.Grains.Threads;

/// <summary>
/// A dedicated thread that does work in order. libtorch runs on such a thread and never on one of Orleans' schedulers, because its dispose
/// scopes and gradient mode belong to a thread, and because a chunk would block every other grain.
/// </summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    // Held while work is done, on whichever thread.
    private readonly Lock _turn = new();

    /// <summary>Starts the thread without the caller's execution context: otherwise the caller's span would contain all work.</summary>
    public WorkerThread(string name) => new Thread(Run) { Name = name, IsBackground = true }.UnsafeStart();

    /// <summary>Runs an action on the thread. The task fails with what the action throws, or with <see cref="ObjectDisposedException"/>.</summary>
    public Task Run(Action action) => Run<object?>(() =>
    {
        action();
        return null;
    });

    /// <summary>Runs a function on the thread. The task fails with what the function throws, or with <see cref="ObjectDisposedException"/>.</summary>
    public Task<T> Run<T>(Func<T> function)
    {
        // Asynchronously, so that an awaiting grain continues on its scheduler and not on this thread.
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(() => Complete(completion, function));
        }
        catch (InvalidOperationException)
        {
            completion.SetException(new ObjectDisposedException(nameof(WorkerThread)));
        }

        return completion.Task;
    }

    /// <summary>
    /// Does work that is bound to no thread on the caller's thread if this one is idle, otherwise in its turn here; the caller waits. Waking a
    /// thread costs more than a small chunk.
    /// </summary>
    public T RunHere<T>(Func<T> function)
    {
        if (_work.Count > 0 || _work.IsAddingCompleted || !_turn.TryEnter())
            return Run(function).GetAwaiter().GetResult();
        try
        {
            return function();
        }
        finally
        {
            _turn.Exit();
        }
    }

    /// <summary>Ends the thread after the work handed over so far; safe to call twice.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        foreach (var action in _work.GetConsumingEnumerable())
        {
            lock (_turn)
                action();
        }
    }

    private static void Complete<T>(TaskCompletionSource<T> completion, Func<T> function)
    {
        try
        {
            completion.SetResult(function());
        }
#pragma warning disable CA1031 // The caller gets it, whatever it is.
        catch (Exception e)
#pragma warning restore CA1031
        {
            completion.SetException(e);
        }
    }
}
