using System.Collections.Concurrent;

namespace Orleans.Tbptt.Grains.Threads;

/// <summary>
/// A dedicated thread that does work in order. libtorch runs on such a thread and never on one of Orleans' schedulers, because its dispose
/// scopes and gradient mode belong to a thread, and because a chunk would block every other grain.
/// </summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    // Held while work is done, on whichever thread.
    private readonly Lock _turn = new();

    /// <summary>Starts the thread without the caller's execution context: otherwise the caller's span would contain all work.</summary>
    public WorkerThread(string name)
    {
        _thread = new(Run) { Name = name, IsBackground = true };
        _thread.UnsafeStart();
    }

    /// <summary>
    /// Runs an action on the thread. The task fails with what the action throws, or with <see cref="ObjectDisposedException"/>.
    /// </summary>
    public Task Run(Action action) => Run<object?>(() =>
    {
        action();
        return null;
    });

    /// <summary>
    /// Runs a function on the thread. The task fails with what the function throws, or with <see cref="ObjectDisposedException"/>.
    /// </summary>
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

    /// <summary>Awaited, has the code that follows run in its turn: see <see cref="Turn"/>.</summary>
    /// <param name="isInline">Whether it may run on the caller's thread while this one is idle.</param>
    public Turn Take(bool isInline = false) => new(this, isInline);

    /// <summary>Ends the thread after the work handed over so far; safe to call twice.</summary>
    public void Dispose() => _work.CompleteAdding();

    /// <summary>Takes the turn for the calling thread if nothing is at work and nothing waits.</summary>
    internal bool TryEnter() => _work.Count == 0 && !_work.IsAddingCompleted && _turn.TryEnter();

    /// <summary>Takes the turn where <see cref="TryEnter"/> has not.</summary>
    internal void Enter()
    {
        if (_turn.IsHeldByCurrentThread)
            return;
        ObjectDisposedException.ThrowIf(Thread.CurrentThread != _thread, this);
        _turn.Enter();
    }

    /// <summary>Gives the turn back.</summary>
    internal void Exit() => _turn.Exit();

    /// <summary>Has a continuation run on the thread; elsewhere where the thread has ended, and there <see cref="Enter"/> throws.</summary>
    internal void Post(Action continuation)
    {
        try
        {
            _work.Add(continuation);
        }
        catch (InvalidOperationException)
        {
            ThreadPool.UnsafeQueueUserWorkItem(run => run(), continuation, preferLocal: false);
        }
    }

    private void Run()
    {
        foreach (var action in _work.GetConsumingEnumerable())
            action();
    }

    private void Complete<T>(TaskCompletionSource<T> completion, Func<T> function)
    {
        try
        {
            T result;
            lock (_turn)
                result = function();
            completion.SetResult(result);
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller.
        catch (Exception e)
#pragma warning restore CA1031
        {
            completion.SetException(e);
        }
    }
}
