using System.Runtime.CompilerServices;

namespace Orleans.Tbptt.Grains.Threads;

/// <summary>
/// A wait for one's turn at a <see cref="WorkerThread"/>. Awaited, it continues on that thread, or at once on the caller's where that was
/// asked for and the thread is idle. What follows has the turn until it disposes of the result, and must not await anything meanwhile.
/// </summary>
/// <param name="thread">The thread.</param>
/// <param name="isInline">Whether the work may be done on the caller's thread.</param>
internal readonly struct Turn(WorkerThread thread, bool isInline) : ICriticalNotifyCompletion, IDisposable
{
    /// <summary>Takes the turn at once where that is possible.</summary>
    public bool IsCompleted => isInline && thread.TryEnter();

    /// <summary>For the compiler.</summary>
    public Turn GetAwaiter() => this;

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => thread.Post(continuation);

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => thread.Post(continuation);

    /// <summary>Takes the turn.</summary>
    /// <exception cref="ObjectDisposedException">The thread has ended.</exception>
    public Turn GetResult()
    {
        thread.Enter();
        return this;
    }

    /// <summary>Gives the turn to whatever waits behind it.</summary>
    public void Dispose() => thread.Exit();
}
