using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// The events of a run: numbers them, has them written to <c>metrics.jsonl</c> behind training's back, and shows them to watchers once they
/// are written, so that no watcher has seen what a killed process took along.
/// </summary>
/// <remarks>The newest events are kept in memory; a watcher that is further behind reads the file.</remarks>
internal sealed class RunJournal : IAsyncDisposable
{
    /// <summary>How many events memory holds at least; twice as many at most, and whatever is not written yet.</summary>
    internal const int Kept = 16_384;

    private readonly Lock _gate = new();
    private readonly JournalReader _file;
    private readonly List<string> _recent = [];
    private readonly SegmentCloser _segments;
    private readonly JournalWriter _writer;
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;
    private long _written;
    private long _shown;
    private bool _lastHeldBack;

    /// <summary>Takes the file over: from now on events go where former coordinators' do not. A torn last line is cut off.</summary>
    /// <param name="path">The file; made when it is not there.</param>
    /// <param name="unfinished">What the file's name ends with until it is taken over.</param>
    /// <param name="inForce">Asked before anything counts: whether this journal's coordinator may still write.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The file cannot be taken over.</exception>
    public RunJournal(string path, string unfinished, Func<bool> inForce, TimeProvider time)
    {
        _file = new(path);
        var stream = JournalFile.TakeOver(path, unfinished, inForce, out long last);
        _shown = _written = _last = last;
        _segments = new(path, unfinished, inForce, last, time);
        _writer = new(stream, inForce, Written, time, _segments);
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
    public Exception? Failure => _writer.Failure;

    /// <summary>Why events wait in memory; null while they do not.</summary>
    public string? Stalled => _writer.Stalled;

    /// <summary>Why older events are not moved into segments, as they should be; null while all is well. Nothing is lost.</summary>
    public string? NotClosed => _segments.Problem;

    /// <summary>The norm above which gradients are clipped; null where none are. Set before the first event is appended.</summary>
    public double? ClipNorm
    {
        set => _segments.ClipNorm = value;
    }

    /// <summary>Completes when few enough events wait to be written.</summary>
    public Task Room => _writer.Room;

    /// <summary>Appends an event under the next number.</summary>
    public void Append(RunEvent runEvent)
    {
        lock (_gate)
            Enqueue(runEvent);
    }

    /// <summary>
    /// Appends the last event: on the disk first, with whatever <paramref name="beforeShown"/> does, and only then shown to watchers.
    /// </summary>
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
            await FlushOrGiveUp();
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
    /// <exception cref="IOException">It cannot be written.</exception>
    public Task Flush() => _writer.Flush();

    /// <inheritdoc cref="JournalWriter.FlushOrGiveUp"/>
    public Task FlushOrGiveUp() => _writer.FlushOrGiveUp();

    /// <summary>Events after a number; waits for the first one as long as <paramref name="patience"/> allows.</summary>
    public async Task<EventPage> Read(long after, int limit, TimeSpan patience, TimeProvider time)
    {
        Task arrival;
        lock (_gate)
            arrival = after < _shown ? Task.CompletedTask : _arrival.Task;
        await arrival.WaitAsync(patience, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        int inFile;
        lock (_gate)
        {
            int count = (int)Math.Clamp(_shown - after, 0, limit);
            long beforeKept = _last - _recent.Count;
            if (count == 0 || after >= beforeKept)
                return new(count == 0 ? [] : _recent.GetRange((int)(after - beforeKept), count), after + count);
            inFile = (int)Math.Min(count, beforeKept - after);
        }

        // A long file takes a while to read: neither the grain nor a caller that appends waits for it.
        return await Task.Run(() => _file.Read(after, inFile));
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private void Enqueue(RunEvent runEvent)
    {
        runEvent = runEvent with { Number = ++_last };
        string line = RunJson.Write(runEvent);
        _recent.Add(line);
        int surplus = (int)Math.Min(_recent.Count - Kept, _shown - (_last - _recent.Count));
        if (surplus >= Kept)
            _recent.RemoveRange(0, surplus);
        _writer.Append(line, runEvent);
    }

    private void Written(long lines)
    {
        lock (_gate)
        {
            _written += lines;
            Show(_lastHeldBack ? Math.Min(_written, _last - 1) : _written);
        }
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
}
