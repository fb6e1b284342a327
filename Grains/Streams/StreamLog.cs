using System.Buffers;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>Another silo took this silo's streams over, because it holds it for dead: what was being written does not count.</summary>
internal sealed class StreamsTakenException() : IOException("another silo has taken the streams of this one over");

/// <summary>
/// What a silo writes of its streams, and reads of all silos'. A record counts once <see cref="Commit"/> has returned; many are written and
/// flushed at once.
/// </summary>
/// <remarks>
/// Each silo appends to a file of its own. A silo that takes a stream over reads what the others have written of it: the newest record
/// counts, by its epoch first, which grows with each takeover (<see cref="StreamPlaces"/>). The files of a silo that is dead are first
/// renamed to files of the reader. A process that only seemed dead finds, behind each write, that its file has lost its name, and answers
/// nothing that it wrote: what it answered before was written before the file was renamed, and so is read by the one who renamed it.
/// Files of streams that have moved on are copied record by record into the newest, and removed. Not thread-safe.
/// </remarks>
internal sealed class StreamLog : IDisposable
{
    /// <summary>A file of this length is continued in another one, unless most of it is still needed.</summary>
    internal const long FullFile = 64L << 20;

    private const string DamagedEnd = ".damaged";
    private const int EvacuatedBytes = 1 << 18;

    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 16);
    private readonly List<(RecordHead Head, int Length)> _pending = [];
    private readonly Queue<string> _moving = [];
    private readonly ServeOptions _options;
    private readonly Action<string> _report;
    private readonly StreamIndex _index;
    private readonly StreamLogFiles _files;

    /// <param name="directory">The directory of the logs of all silos.</param>
    /// <param name="owner">This silo's name in the names of files.</param>
    /// <param name="isAlive">Whether the silo of a name lives.</param>
    /// <param name="options">What is kept, and how long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="report">Receives what an administrator should know: damage.</param>
    public StreamLog(
        string directory, string owner, Func<string, bool> isAlive, ServeOptions options, TimeProvider time, Action<string> report)
    {
        (_options, _report) = (options, report);
        _index = new(options, time);
        _files = new(directory, owner, isAlive, _index);
    }

    /// <summary>Grows when this silo's streams were taken over: a stream that is held in memory has to be loaded again.</summary>
    public int Incarnation { get; private set; }

    /// <summary>The length at which a file is continued in another one.</summary>
    internal long Full { get; init; } = FullFile;

    /// <inheritdoc cref="StreamIndex.Count"/>
    public int Count => _index.Count;

    /// <summary>Whether records wait to be moved out of older files: <see cref="Evacuate"/>.</summary>
    public bool IsMoving => _moving.Count > 0;

    /// <summary>The stream after its last row, of whichever silo wrote that.</summary>
    /// <exception cref="IOException">The logs cannot be read.</exception>
    public StreamState Load(string key)
    {
        Refresh();
        if (_index.Of(key) is not { } places)
            return new() { Epoch = _index.Now, MustBeWhole = true, Incarnation = Incarnation };

        // By the time, because a former life of the stream may stand in a file whose entry has expired and is not known any more.
        if (places.IsForgotten || _index.IsExpired(places))
            return new() { Epoch = Math.Max(_index.Now, places.Epoch + 1), MustBeWhole = true, Incarnation = Incarnation };
        var state = Read(places);

        // What other silos, or a former life of this one, wrote under its epoch may still be added to.
        return places.Places[^1].File.IsWritable ? state : state with { Epoch = state.Epoch + 1, MustBeWhole = true };
    }

    /// <summary>The streams of all silos as of now, to be listed from any thread.</summary>
    /// <exception cref="IOException">The logs cannot be read.</exception>
    public StreamIndex ReadAll()
    {
        Refresh();
        return _index;
    }

    /// <summary>Adds what a stream is after further rows to what the next commit writes.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="state">It, with all rows that are kept.</param>
    /// <param name="added">How many of those are new.</param>
    /// <exception cref="StreamsTakenException">It was loaded before another silo took the streams over; nothing is added.</exception>
    public void Append(string key, StreamState state, int added)
    {
        EnsureCurrent(state);
        bool isWhole = state.MustBeWhole;
        IReadOnlyList<KeptRow> rows = isWhole ? state.Kept : [.. state.Kept.TakeLast(added)];
        long first = rows.Count > 0 ? rows[0].Number : state.Last + 1;
        Append(new(isWhole ? RecordKind.Whole : RecordKind.Rows, key, state.Epoch, first, state.Last, state.TakenAt.UtcTicks), state, rows);
    }

    /// <summary>Adds that a stream is forgotten to what the next commit writes.</summary>
    /// <param name="key">The stream.</param>
    /// <param name="state">It, as it was loaded.</param>
    /// <exception cref="StreamsTakenException">It was loaded before another silo took the streams over; nothing is added.</exception>
    public void Forget(string key, StreamState state)
    {
        EnsureCurrent(state);
        Append(new(RecordKind.Forgotten, key, state.Epoch + 1, 0, 0, _index.Now), null, []);
    }

    /// <summary>Writes what was added. When this fails, nothing of it counts.</summary>
    /// <exception cref="StreamsTakenException">Another silo has taken this silo's streams over.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Commit()
    {
        if (_pending.Count == 0)
            return;
        try
        {
            if (_files.Current is null || (_files.Current.End >= Math.Max(Full, 2 * _index.Bytes) && _moving.Count == 0))
                Continue();
            Write(_files.Current!);
        }
        finally
        {
            Abandon();
        }
    }

    /// <summary>Removes what was added since the last commit.</summary>
    public void Abandon()
    {
        _pending.Clear();
        _buffer.ResetWrittenCount();
    }

    /// <summary>Moves some records out of older files into the newest, and removes the files when none is left.</summary>
    /// <exception cref="IOException">They cannot be read or written.</exception>
    public void Evacuate()
    {
        try
        {
            while (_moving.Count > 0 && _buffer.WrittenCount < EvacuatedBytes)
                Move(_moving.Dequeue());
            Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            QueueMoves();
            throw;
        }

        if (_moving.Count > 0)
            return;
        foreach (var file in _files.Older.ToList())
        {
            if (file.IsDamaged)
            {
                string aside = file.Path + DamagedEnd;
                File.Move(file.Path, aside, overwrite: true);
                _report($"{aside}: found bytes that are no record before whole ones, expected a log of streams; the streams in the damaged "
                    + "part are lost, the others were read");
            }
            else
            {
                File.Delete(file.Path);
            }

            _files.Drop(file);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    /// <summary>Rows behind a state that another silo has continued meanwhile would be answered, and lost.</summary>
    private void EnsureCurrent(StreamState state)
    {
        if (state.Incarnation != Incarnation)
            throw new StreamsTakenException();
    }

    private void Append(RecordHead head, StreamState? state, IReadOnlyList<KeptRow> rows) =>
        _pending.Add((head, StreamRecord.Write(_buffer, head, state, rows)));

    private void Write(StreamLogFile current)
    {
        try
        {
            RandomAccess.Write(current.Handle, _buffer.WrittenSpan, current.End);
            if (_options.Flush)
                RandomAccess.FlushToDisk(current.Handle);
        }
        catch
        {
            // What did not go in whole, or may not be on the disk, is taken back, or left behind in a file that nobody continues.
            _files.Current = null;
            RandomAccess.SetLength(current.Handle, current.End);
            _files.Current = current;
            throw;
        }

        EnsureOwned(current);
        foreach (var (head, length) in _pending)
        {
            _index.Take(head, new(current, current.End, length, head.First));
            current.End += length;
        }
    }

    /// <summary>Looks whether the file still has its name: behind every write, before anything of it counts.</summary>
    private void EnsureOwned(StreamLogFile current)
    {
        if (File.Exists(current.Path))
            return;
        _files.Clear();
        _moving.Clear();
        Incarnation++;
        throw new StreamsTakenException();
    }

    /// <summary>Begins the next file; what the others have is moved into it bit by bit.</summary>
    private void Continue()
    {
        var former = _files.Current;
        var next = _files.Create();

        // A silo that took the streams over before this file was there would not see it; one that comes now does.
        if (former is not null)
            EnsureOwned(former);
        _files.Begin(next);
        QueueMoves();
    }

    private void QueueMoves()
    {
        foreach (string key in _index.In(_files.IsOlder))
            _moving.Enqueue(key);
    }

    private void Move(string key)
    {
        if (_index.Of(key) is not { } places || !places.Places.Any(place => _files.IsOlder(place.File)))
            return;
        if (_index.IsExpired(places))
        {
            _index.Remove(key);
            return;
        }

        // Under the same epoch only where this silo alone writes under it: then it may hold the stream in memory.
        long epoch = places.Places[^1].File.IsWritable ? places.Epoch : places.Epoch + 1;
        if (places.IsForgotten)
        {
            Append(new(RecordKind.Forgotten, key, epoch, 0, 0, places.Ticks), null, []);
            return;
        }

        try
        {
            Append(key, Read(places) with { Epoch = epoch, MustBeWhole = true }, 0);
        }
        catch (InvalidDataException damage)
        {
            foreach (var place in places.Places)
                place.File.IsDamaged = true;
            _index.Remove(key);
            _report($"stream {key} is lost: {damage.Message}");
        }
    }

    private StreamState Read(StreamPlaces places)
    {
        StreamState? state = null;
        var kept = new List<KeptRow>();
        foreach (var place in places.Places)
        {
            state = place.File.Read(place);
            kept.AddRange(state.Kept);
        }

        return state! with { Kept = [.. kept.TakeLast(_options.KeptRows)], Incarnation = Incarnation };
    }

    /// <summary>Reads what the other silos have written since, and takes the files of dead ones over.</summary>
    private void Refresh()
    {
        if (!_files.Refresh())
            return;
        if (_files.Current is null)
            Continue();
        else
            QueueMoves();
    }
}
