using System.Collections.Concurrent;
using Orleans.Tbptt.Cluster.Local;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>The calls in flight on the pipes to one silo, each waiting for the line that replies to it.</summary>
/// <param name="input">The silo's standard input.</param>
internal sealed class SiloPipe(TextWriter input)
{
    private readonly ConcurrentDictionary<long, TaskCompletionSource<LocalReply>> _waiting = new();
    private readonly Lock _writing = new();
    private long _last;
    private volatile bool _closed;

    /// <summary>Sends a call and waits for its reply.</summary>
    /// <exception cref="IOException">The silo has ended, or ends before it replies.</exception>
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
            lock (_writing)
            {
                input.WriteLine(line);
                input.Flush();
            }

            return await reply.Task;
        }
        catch (ObjectDisposedException)
        {
            throw Ended();
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

    /// <summary>The silo's output is at its end: no reply will come.</summary>
    public void Close()
    {
        _closed = true;
        foreach (var waiting in _waiting.Values)
            waiting.TrySetException(Ended());
    }

    private static IOException Ended() => new("the silo has ended");
}
