using System.Text;
using System.Threading.Channels;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>
/// The events of a run: numbers them, writes them to <c>metrics.jsonl</c> behind training's back, and hands them to watchers.
/// </summary>
/// <remarks>The newest events are kept in memory; a watcher that is further behind reads the file.</remarks>
internal sealed class RunJournal : IAsyncDisposable
{
    private const int Kept = 16_384;
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly Queue<string> _recent = new(Kept);
    private readonly Channel<object> _queue = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly Task _writing;
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;
    private long _published;

    /// <summary>Opens or makes the file; a torn last line, left by a killed process, is cut off.</summary>
    public RunJournal(string path)
    {
        _path = path;
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 1 << 16);
        _published = _last = CutTornLine(stream);
        _writing = Task.Run(() => Write(stream));
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

    /// <summary>Appends an event under the next number and shows it to watchers.</summary>
    public void Append(RunEvent runEvent)
    {
        lock (_gate)
        {
            Enqueue(runEvent);
            Publish();
        }
    }

    /// <summary>Appends the last event: on the disk first, with whatever <paramref name="beforeShown"/> does, and only then shown to watchers.</summary>
    public async Task AppendLast(RunEvent runEvent, Action beforeShown)
    {
        lock (_gate)
            Enqueue(runEvent);
        await Flush();
        beforeShown();
        lock (_gate)
            Publish();
    }

    /// <summary>Returns when every event so far is on the disk.</summary>
    public async Task Flush()
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(flushed);
        await await Task.WhenAny(flushed.Task, _writing);
    }

    /// <summary>Events after a number; waits for the first one as long as <paramref name="patience"/> allows.</summary>
    public async Task<EventPage> Read(long after, int limit, Task patience)
    {
        Task arrival;
        lock (_gate)
        {
            if (Page(after, limit) is { } page)
                return page;
            arrival = _arrival.Task;
        }

        await Task.WhenAny(arrival, patience);
        lock (_gate)
            return Page(after, limit) ?? new([], after);
    }

    /// <summary>Events after a number, from the file of a run that nobody trains.</summary>
    public static EventPage ReadFile(string path, long after, int limit)
    {
        string[] lines = File.Exists(path) ? [.. File.ReadLines(path).Skip(checked((int)after)).Take(limit)] : [];
        return new(lines, after + lines.Length);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await ((Task)_writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Enqueue(RunEvent runEvent)
    {
        string line = RunJson.Write(runEvent with { Number = ++_last });
        _recent.Enqueue(line);
        if (_recent.Count > Kept)
            _recent.Dequeue();
        _queue.Writer.TryWrite(line);
    }

    private void Publish()
    {
        _published = _last;
        var arrived = _arrival;
        _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
        arrived.SetResult();
    }

    private EventPage? Page(long after, int limit)
    {
        if (after >= _published)
            return null;
        int count = (int)Math.Min(limit, _published - after);
        long firstKept = _last - _recent.Count;
        if (after >= firstKept)
            return new([.. _recent.Skip((int)(after - firstKept)).Take(count)], after + count);

        // Further behind than memory reaches, and so certainly in the file, which is never more than a flush behind.
        return ReadFile(_path, after, (int)Math.Min(count, firstKept - after));
    }

    private async Task Write(FileStream stream)
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
                        text.Append(line).Append('\n');
                    else
                        waiting.Add((TaskCompletionSource)item);
                }

                stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
                stream.Flush(flushToDisk: waiting.Count > 0);
                text.Clear();
                waiting.ForEach(flushed => flushed.SetResult());
                waiting.Clear();
            }

            stream.Flush(flushToDisk: true);
        }
    }

    /// <summary>Goes to the end of the last whole line.</summary>
    /// <returns>How many lines there are.</returns>
    private static long CutTornLine(FileStream stream)
    {
        long lines = 0, end = 0;
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                    (lines, end) = (lines + 1, stream.Position - read + i + 1);
            }
        }

        stream.SetLength(end);
        stream.Position = end;
        return lines;
    }
}
