using System.Text;
using System.Threading.Channels;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// The events of a run: numbers them, writes them to <c>metrics.jsonl</c> behind training's back, and shows them to watchers once they are
/// written, so that no watcher has seen what a killed process took along.
/// </summary>
/// <remarks>The newest events are kept in memory; a watcher that is further behind reads the file.</remarks>
internal sealed class RunJournal : IAsyncDisposable
{
    /// <summary>How many events memory holds at least; twice as many at most, and whatever is not written yet.</summary>
    internal const int Kept = 16_384;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Func<bool> _inForce;
    private readonly List<string> _recent = [];
    private readonly Channel<object> _queue = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly Task _writing;
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;
    private long _shown;
    private bool _lastHeldBack;

    /// <summary>Opens or makes the file; a torn last line, left by a killed process, is cut off.</summary>
    /// <param name="path">The file.</param>
    /// <param name="inForce">Asked before each write: whether this journal's coordinator may still write.</param>
    public RunJournal(string path, Func<bool> inForce)
    {
        (_path, _inForce) = (path, inForce);
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16);
        long written = _shown = _last = JournalFile.CutTornLine(stream);
        _writing = Task.Run(() => Write(stream, written));
    }

    /// <summary>The number of the last event.</summary>
    public long Last
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    /// <summary>Why events can no longer be written; null while all is well.</summary>
    public Exception? Failure => _writing.Exception?.InnerException;

    /// <summary>Appends an event under the next number.</summary>
    public void Append(RunEvent runEvent)
    {
        lock (_gate)
            Enqueue(runEvent);
    }

    /// <summary>Appends the last event: on the disk first, with whatever <paramref name="beforeShown"/> does, and only then shown to watchers.</summary>
    /// <exception cref="IOException">It could not be written. Watchers see it nonetheless: they must not wait for ever.</exception>
    public async Task AppendLast(RunEvent runEvent, Action beforeShown)
    {
        lock (_gate)
        {
            Enqueue(runEvent);
            _lastHeldBack = true;
        }

        try
        {
            await Flush();
        }
        finally
        {
            try
            {
                beforeShown();
            }
            finally
            {
                lock (_gate)
                    Show(_last);
            }
        }
    }

    /// <summary>Returns when every event so far is on the disk.</summary>
    public async Task Flush()
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(flushed);
        await await Task.WhenAny(flushed.Task, _writing);
    }

    /// <summary>Events after a number; waits for the first one as long as <paramref name="patience"/> allows.</summary>
    public async Task<EventPage> Read(long after, int limit, TimeSpan patience, TimeProvider time)
    {
        Task arrival;
        lock (_gate)
            arrival = after < _shown ? Task.CompletedTask : _arrival.Task;
        await arrival.WaitAsync(patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        int inFile;
        lock (_gate)
        {
            int count = (int)Math.Clamp(_shown - after, 0, limit);
            long beforeKept = _last - _recent.Count;
            if (count == 0 || after >= beforeKept)
                return new(count == 0 ? [] : _recent.GetRange((int)(after - beforeKept), count), after + count);
            inFile = (int)Math.Min(count, beforeKept - after);
        }

        // A long file takes a while to read: neither the grain nor whoever appends waits for it.
        return await Task.Run(() => JournalFile.Read(_path, after, inFile));
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Enqueue(RunEvent runEvent)
    {
        string line = RunJson.Write(runEvent with { Number = ++_last });
        _recent.Add(line);
        int surplus = (int)Math.Min(_recent.Count - Kept, _shown - (_last - _recent.Count));
        if (surplus >= Kept)
            _recent.RemoveRange(0, surplus);
        _queue.Writer.TryWrite(line);
    }

    private void Show(long last)
    {
        if (last <= _shown)
            return;
        _shown = last;
        var arrived = _arrival;
        _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
        arrived.SetResult();
    }

    private async Task Write(FileStream stream, long written)
    {
        await using (stream)
        {
            var text = new StringBuilder();
            var waiting = new List<TaskCompletionSource>();
            while (await _queue.Reader.WaitToReadAsync())
            {
                while (text.Length < 1 << 16 && _queue.Reader.TryRead(out object? item))
                {
                    if (item is string line)
                    {
                        text.Append(line).Append('\n');
                        written++;
                    }
                    else
                    {
                        waiting.Add((TaskCompletionSource)item);
                    }
                }

                if (!_inForce())
                    throw new IOException("another coordinator has taken the run over");
                stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
                stream.Flush(flushToDisk: waiting.Count > 0);
                text.Clear();
                lock (_gate)
                    Show(_lastHeldBack ? Math.Min(written, _last - 1) : written);
                waiting.ForEach(flushed => flushed.SetResult());
                waiting.Clear();
            }

            stream.Flush(flushToDisk: true);
        }
    }
}
