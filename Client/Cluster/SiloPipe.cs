using System.Collections.Concurrent;
using Orleans.Tbptt.Cluster.Local;

namespace Orleans.Tbptt.Client.Cluster;

#pragma warning disable CA1031 // Whatever fails while a line is written fails the replies that wait: otherwise their callers would hang.

/// <summary>The calls in flight on the pipes to one silo, each waiting for the line that replies to it.</summary>
/// <remarks>
/// A frozen silo does not read, and a full pipe blocks its writer. So no caller writes: lines are written one after another, each behind
/// the one before it, on a thread of the pool.
/// </remarks>
/// <param name="input">The silo's standard input.</param>
internal sealed class SiloPipe(TextWriter input)
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<LocalReply>> _waiting = new();
    private readonly Lock _gate = new();
    private Task _written = Task.CompletedTask;
    private Exception? _failure;
    private long _last;
    private volatile bool _closed;

    /// <summary>Sends a call and waits for its reply. Returns at once, even if the silo reads nothing.</summary>
    /// <exception cref="IOException">The silo has ended, ends before it replies, or cannot be written to.</exception>
    public async Task<LocalReply> AskAsync(LocalCall call)
    {
        long id = Interlocked.Increment(ref _last);
        var reply = new TaskCompletionSource<LocalReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = reply;
        try
        {
            // After the entry: Close sets this first and then fails the entries.
            if (_closed)
                throw Ended();
            string line = (call with { Id = id }).ToString();
            lock (_gate)
                _written = WriteAsync(_written, line, reply);
            return await reply.Task;
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    /// <summary>Takes a line of the silo's standard output.</summary>
    /// <returns>Whether it was a reply.</returns>
    public bool Take(string line)
    {
        if (LocalReply.Parse(line) is not { } reply)
            return false;
        if (_waiting.TryGetValue(reply.ReplyTo, out var waiting))
            waiting.TrySetResult(reply);
        return true;
    }

    /// <summary>Closes the silo's standard input behind what is being written. Returns at once, even if the silo reads nothing.</summary>
    public void CloseInput()
    {
        lock (_gate)
            _written = CloseAsync(_written);
    }

    /// <summary>The silo's output is at its end: no reply will come.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(Ended());
    }

    /// <summary>
    /// Never fails, because the next line waits for it. After a failure no line is written: the silo may have received a part of one.
    /// </summary>
    private async Task WriteAsync(Task before, string line, TaskCompletionSource<LocalReply> reply)
    {
        await before;
        try
        {
            if (_failure is null)
            {
                await input.WriteLineAsync(line);
                await input.FlushAsync();
            }
        }
        catch (Exception exception)
        {
            _failure = exception;
        }

        if (_failure is not null)
            reply.TrySetException(Ended(_failure));
    }

    private async Task CloseAsync(Task before)
    {
        await before;
        try
        {
            await input.DisposeAsync();
        }
        catch (Exception exception)
        {
            // The silo has ended, and what was left to write with it.
            _failure ??= exception;
        }
    }

    private static IOException Ended(Exception? cause = null) => cause is null or IOException or ObjectDisposedException
        ? new("the silo has ended", cause)
        : new($"cannot write to the silo: {cause.Message}", cause);
}
