using System.Collections.Concurrent;

namespace Orleans.Tbptt.Grains.Trainers;

/// <summary>
/// A thread of one's own that does work in order. libtorch lives on such a thread and never on one of Orleans' schedulers: its dispose
/// scopes and gradient mode belong to a thread, and a chunk would hold up every other grain.
/// </summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    // Held while work is done, whoever does it.
    private readonly Lock _turn = new();

    /// <summary>Starts the thread, without the flow of whoever happens to: its span would be that of all work.</summary>
    public WorkerThread(string name) => new Thread(Run) { Name = name, IsBackground = true }.UnsafeStart();

    /// <summary>Runs a function on the thread; what it throws comes out of the task, as does that the thread has ended.</summary>
    public Task<T> Run<T>(Func<T> function)
    {
        // Asynchronously, so that an awaiting grain goes on on its own scheduler and not on this thread.
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
    /// Does work that is bound to no thread where the caller stands, if the thread is idle, else in its turn; the caller waits. A thread that is woken costs
    /// more than a small chunk.
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

    /// <summary>Ends the thread once the work handed over so far is done; safe to call twice.</summary>
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
#pragma warning disable CA1031 // Whatever it is, it belongs to whoever asked.
        catch (Exception e)
#pragma warning restore CA1031
        {
            completion.SetException(e);
        }
    }
}
