using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Journal;

/// <summary>
/// Writes a journal's lines behind training's back, in order, each once. Where the disk is full the lines wait in memory and the write is
/// tried again: nothing is lost, and callers that append are held up only when very many wait (<see cref="Room"/>).
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    /// <summary>So many characters may wait before callers that append should.</summary>
    internal const long MostWaiting = 64L << 20;

    /// <summary>How long the end of a run waits for room on a full disk.</summary>
    internal static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Lines that nobody waits for are gathered for this long: each batch is flushed to the disk, and that takes as long for one line as
    /// for many.
    /// </summary>
    internal static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// A batch of so many bytes is not added to. Where lines come so fast, the next one is written without a pause: the writer must not
    /// fall behind them.
    /// </summary>
    internal const int FullBatch = 1 << 20;

    /// <summary>Looks, a second apart, at a run's directory that cannot be read.</summary>
    private const int MostLooks = 3;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly SegmentCloser? _segments;
    private FileStream _stream;
    private readonly Func<bool> _inForce;
    private readonly Action<long> _written;
    private readonly TimeProvider _time;
    private readonly Channel<object> _queue = Channel.CreateUnbounded<object>(new() { SingleReader = true });
    private readonly CancellationTokenSource _giveUp = new();
    private readonly Task _writing;
    private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _room;
    private long _waiting;

    /// <summary>Begins to write behind the end of a stream, which becomes the writer's.</summary>
    /// <param name="stream">The file, at its end, without a buffer.</param>
    /// <param name="inForce">Asked before and after each write: whether this journal's coordinator may still write.</param>
    /// <param name="written">Called with the number of further lines that are written and belong to the run for good.</param>
    /// <param name="time">The clock.</param>
    /// <param name="segments">Closes older lines into segments; null where they stay in the file.</param>
    public JournalWriter(
        FileStream stream, Func<bool> inForce, Action<long> written, TimeProvider time, SegmentCloser? segments = null)
    {
        (_stream, _inForce, _written, _time, _segments) = (stream, inForce, written, time, segments);
        _writing = Task.Run(Write);
    }

    /// <summary>Why lines can no longer be written; null while all is well.</summary>
    public Exception? Failure => _writing.Exception?.InnerException;

    /// <summary>Why lines wait; null while they do not.</summary>
    public string? Stalled { get; private set; }

    /// <summary>Completes when few enough lines wait, or none will ever be written.</summary>
    public Task Room
    {
        get
        {
            lock (_gate)
                return _waiting <= MostWaiting ? Task.CompletedTask
                    : Task.WhenAny((_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task, _writing);
        }
    }

    /// <summary>Hands a line over, with the event that it was written from where the caller has it.</summary>
    public void Append(string line, RunEvent? runEvent = null)
    {
        lock (_gate)
            _waiting += line.Length;
        _queue.Writer.TryWrite(new WrittenEvent(line, runEvent));
    }

    /// <summary>Returns when every line so far is on the disk.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task Flush()
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(flushed);
        Volatile.Read(ref _hurry).TrySetResult();
        await await Task.WhenAny(flushed.Task, _writing);
    }

    /// <summary>Waits for a full disk no longer: what cannot be written now fails.</summary>
    public void GiveUp() => _giveUp.Cancel();

    /// <summary>
    /// As <see cref="Flush"/>, but a full disk is waited for no longer than <see cref="EndPatience"/>: what cannot be written then is given
    /// up.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public async Task FlushOrGiveUp()
    {
        using var patience = new CancellationTokenSource(EndPatience, _time);
        await using (patience.Token.Register(GiveUp))
            await Flush();
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        Volatile.Read(ref _hurry).TrySetResult();
        using (var patience = new CancellationTokenSource(EndPatience, _time))
        {
            await using (patience.Token.Register(GiveUp))
                await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _giveUp.Dispose();
    }

    private async Task Write()
    {
        try
        {
            var batch = new ArrayBufferWriter<byte>(FullBatch / 4);
            var lines = new List<WrittenEvent>();
            var flushes = new List<TaskCompletionSource>();
            bool pacing = false;
            while (await _queue.Reader.WaitToReadAsync())
            {
                if (pacing)
                    await Task.WhenAny(Volatile.Read(ref _hurry).Task, Task.Delay(Pace, _time));

                // Renewed before the queue is read: who hurries after this is in time for the next round.
                Interlocked.Exchange(ref _hurry, new(TaskCreationOptions.RunContinuationsAsynchronously));
                long characters = 0;
                lines.Clear();
                while (batch.WrittenCount < FullBatch && _queue.Reader.TryRead(out object? item))
                {
                    if (item is WrittenEvent one)
                    {
                        Encoding.UTF8.GetBytes(one.Line, batch);
                        batch.Write("\n"u8);
                        lines.Add(one);
                        characters += one.Line.Length;
                    }
                    else
                    {
                        flushes.Add((TaskCompletionSource)item);
                    }
                }

                await Put(batch.WrittenMemory);
                // Reported first: a caller that has waited for room finds them written.
                _written(lines.Count);
                Done(characters);
                pacing = flushes.Count == 0 && batch.WrittenCount < FullBatch;
                batch.ResetWrittenCount();
                flushes.ForEach(flushed => flushed.SetResult());
                flushes.Clear();

                // After everybody who waits is served.
                if (_segments is not null)
                    _stream = _segments.Advance(_stream, lines);
            }
        }
        finally
        {
            await _stream.DisposeAsync();
            _segments?.Dispose();
        }
    }

    private async Task Put(ReadOnlyMemory<byte> bytes)
    {
        long good = _stream.Position;
        while (true)
        {
            await EnsureInForce();
            try
            {
                // On the disk, not only in the machine's memory: what a watcher is shown must outlive the machine.
                _stream.Write(bytes.Span);
                _stream.Flush(flushToDisk: true);
                break;
            }
            catch (IOException e) when (DiskFull.Is(e))
            {
                // What went in before the disk was full is a torn line.
                _stream.SetLength(good);
                _stream.Position = good;
                if (_giveUp.IsCancellationRequested)
                    throw;
                Stalled = e.Message;
                await Task.Delay(Retry, _time, _giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // A newer coordinator copies the file after it has taken its generation: what was written before that is in its copy, and only that
        // counts.
        await EnsureInForce();
        Stalled = null;
    }

    /// <summary>Looks again where the run's directory cannot be read for a moment: that says nothing about who has the run.</summary>
    private async Task EnsureInForce()
    {
        for (int looks = 1; ; looks++)
        {
            try
            {
                if (_inForce())
                    return;
                break;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (looks == MostLooks || _giveUp.IsCancellationRequested)
                    throw;
                Stalled = e.Message;
                await Task.Delay(Retry, _time, _giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        throw new IOException("another coordinator has taken the run over");
    }

    private void Done(long characters)
    {
        lock (_gate)
        {
            _waiting -= characters;
            if (_room is { } room && _waiting <= MostWaiting)
            {
                _room = null;
                room.SetResult();
            }
        }
    }
}

/// <summary>A line of a journal.</summary>
/// <param name="Line">The line, without its end.</param>
/// <param name="Event">The event that it was written from; null where only the line is known.</param>
internal sealed record WrittenEvent(string Line, RunEvent? Event);
