using System.Buffers;
using Orleans.Tbptt.Grains.Store;

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
/// <param name="directory">The directory of the logs of all silos.</param>
/// <param name="owner">This silo's name in the names of files.</param>
/// <param name="isAlive">Whether the silo of a name lives.</param>
/// <param name="options">What is kept, and how long.</param>
/// <param name="time">The clock.</param>
/// <param name="report">Receives what an administrator should know: damage.</param>
internal sealed class StreamLog(
    string directory, string owner, Func<string, bool> isAlive, ServeOptions options, TimeProvider time, Action<string> report)
    : IDisposable
{
    /// <summary>A file of this length is continued in another one, unless most of it is still needed.</summary>
    internal const long FullFile = 64L << 20;

    private const string DamagedEnd = ".damaged";
    private const int Attempts = 20;
    private const int EvacuatedBytes = 1 << 18;

    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 16);
    private readonly List<(RecordHead Head, int Length)> _pending = [];
    private readonly Dictionary<string, StreamPlaces> _index = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StreamLogFile> _files = new(StringComparer.Ordinal);
    private readonly Queue<string> _moving = [];
    private StreamLogFile? _current;
    private int _number;
    private long _bytes;
    private bool _isRead;

    /// <summary>Grows when this silo's streams were taken over: a stream that is held in memory has to be loaded again.</summary>
    public int Incarnation { get; private set; }

    /// <summary>The length at which a file is continued in another one.</summary>
    internal long Full { get; init; } = FullFile;

    /// <summary>Streams that any silo has written of and that are not known to be forgotten.</summary>
    public int Count => _index.Count;

    /// <summary>Whether records wait to be moved out of older files: <see cref="Evacuate"/>.</summary>
    public bool IsMoving => _moving.Count > 0;

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>The stream after its last row, of whichever silo wrote that.</summary>
    /// <exception cref="IOException">The logs cannot be read.</exception>
    public StreamState Load(string key)
    {
        Refresh();
        if (!_index.TryGetValue(key, out var places))
            return new() { Epoch = Now, MustBeWhole = true, Incarnation = Incarnation };

        // By the time, because a former life of the stream may stand in a file whose entry has expired and is not known any more.
        if (places.IsForgotten || IsExpired(places))
            return new() { Epoch = Math.Max(Now, places.Epoch + 1), MustBeWhole = true, Incarnation = Incarnation };
        var state = Read(places);

        // What other silos, or a former life of this one, wrote under its epoch may still be added to.
        return places.Places[^1].File.IsWritable ? state : state with { Epoch = state.Epoch + 1, MustBeWhole = true };
    }

    /// <summary>The streams of a model that are not forgotten, by their keys in ordinal order, with their last rows.</summary>
    /// <param name="prefix">What their keys begin with.</param>
    /// <param name="after">The key after which to begin; empty for the first.</param>
    /// <param name="most">How many at most.</param>
    public (int Count, IReadOnlyList<(string Key, long Last, long Ticks)> Streams) List(string prefix, string after, int most)
    {
        Refresh();
        var found = _index.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal) && !one.Value.IsForgotten
            && !IsExpired(one.Value)).ToList();
        return (found.Count,
        [
            .. found.Where(one => string.CompareOrdinal(one.Key, after) > 0).OrderBy(one => one.Key, StringComparer.Ordinal).Take(most)
                .Select(one => (one.Key, one.Value.Last, one.Value.Ticks)),
        ]);
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
        Append(new(RecordKind.Forgotten, key, state.Epoch + 1, 0, 0, Now), null, []);
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
            if (_current is null || (_current.End >= Math.Max(Full, 2 * _bytes) && _moving.Count == 0))
                Continue();
            Write(_current!);
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
        foreach (var file in _files.Values.Where(file => IsOwn(file) && file != _current).ToList())
        {
            if (file.IsDamaged)
            {
                string aside = file.Path + DamagedEnd;
                File.Move(file.Path, aside, overwrite: true);
                report($"{aside}: found bytes that are no record before whole ones, expected a log of streams; the streams in the damaged "
                    + "part are lost, the others were read");
            }
            else
            {
                File.Delete(file.Path);
            }

            Drop(file);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
    }

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
            if (options.Flush)
                RandomAccess.FlushToDisk(current.Handle);
        }
        catch
        {
            // What did not go in whole, or may not be on the disk, is taken back, or left behind in a file that nobody continues.
            _current = null;
            RandomAccess.SetLength(current.Handle, current.End);
            _current = current;
            throw;
        }

        EnsureOwned(current);
        foreach (var (head, length) in _pending)
        {
            Take(head, new(current, current.End, length, head.First));
            current.End += length;
        }
    }

    /// <summary>Looks whether the file still has its name: behind every write, before anything of it counts.</summary>
    private void EnsureOwned(StreamLogFile current)
    {
        if (File.Exists(current.Path))
            return;
        foreach (var file in _files.Values)
            file.Dispose();
        _files.Clear();
        _index.Clear();
        _moving.Clear();
        (_current, _bytes, _isRead) = (null, 0, false);
        Incarnation++;
        throw new StreamsTakenException();
    }

    /// <summary>Begins the next file; what the others have is moved into it bit by bit.</summary>
    private void Continue()
    {
        Directory.CreateDirectory(directory);
        var former = _current;
        var next = StreamLogFile.Create(StreamLogFile.PathOf(directory, owner, ++_number));

        // A silo that took the streams over before this file was there would not see it; one that comes now does.
        if (former is not null)
            EnsureOwned(former);
        _current = _files[next.Path] = next;
        QueueMoves();
    }

    private void QueueMoves()
    {
        foreach (var (key, places) in _index)
        {
            if (places.Places.Any(place => IsOwn(place.File) && place.File != _current))
                _moving.Enqueue(key);
        }
    }

    private void Move(string key)
    {
        if (!_index.TryGetValue(key, out var places) || !places.Places.Any(place => IsOwn(place.File) && place.File != _current))
            return;
        if (IsExpired(places))
        {
            Remove(key, places);
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
            Remove(key, places);
            report($"stream {key} is lost: {damage.Message}");
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

        return state! with { Kept = [.. kept.TakeLast(options.KeptRows)], Incarnation = Incarnation };
    }

    /// <summary>
    /// Reads what the other silos have written since, and takes the files of dead ones over. Files are read in the order of their numbers:
    /// of equal records the one in the later file stays when the other is removed.
    /// </summary>
    private void Refresh()
    {
        Directory.CreateDirectory(directory);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (TryRefresh())
                    break;
            }
            catch (FileNotFoundException) when (attempt < Attempts)
            {
                // Another silo has renamed it, or its owner has removed it.
            }
        }

        if (_isRead)
            return;
        _isRead = true;
        if (!_files.Values.Any(file => IsOwn(file) && file != _current))
            return;
        if (_current is null)
            Continue();
        else
            QueueMoves();
    }

    /// <returns>Whether no dead silo has a file.</returns>
    private bool TryRefresh()
    {
        var found = Directory.EnumerateFiles(directory, "*" + StreamLogFile.Extension)
            .Select(path => (Path: path, Name: StreamLogFile.Parse(path))).Where(one => one.Name is not null)
            .Select(one => (one.Path, one.Name!.Value.Owner, one.Name.Value.Number))
            .OrderBy(one => one.Owner, StringComparer.Ordinal).ThenBy(one => one.Number).ToList();
        bool hasTaken = false;
        foreach (var (path, other, number) in found)
        {
            if (other == owner)
            {
                _number = Math.Max(_number, number);
            }
            else if (!isAlive(other))
            {
                TakeOver(path);
                (hasTaken, _isRead) = (true, false);
            }
        }

        if (hasTaken)
            return false;
        foreach (var (path, _, _) in found)
        {
            if (!_files.TryGetValue(path, out var file))
                _files.Add(path, file = StreamLogFile.Open(path));
            if (file != _current)
                file.Scan(Take, isClosed: IsOwn(file));
        }

        DropGone([.. _files.Values.Where(file => file != _current && found.All(one => one.Path != file.Path))]);
        return true;
    }

    /// <summary>Gives a dead silo's file a name of this one.</summary>
    private void TakeOver(string path)
    {
        string taken = StreamLogFile.PathOf(directory, owner, ++_number);
        if (_files.TryGetValue(path, out var known))
        {
            known.Rename(taken);
            _files.Remove(path);
            _files.Add(taken, known);
        }
        else
        {
            File.Move(path, taken, overwrite: false);
        }

        DurableFile.FlushDirectory(directory);
    }

    /// <summary>
    /// Forgets files that are gone. What their owner has moved is known from where it is now; what another silo has taken over under
    /// another name is read once more, because the records before the last one are known under the old name.
    /// </summary>
    private void DropGone(IReadOnlyList<StreamLogFile> gone)
    {
        if (gone.Count == 0)
            return;
        bool isTaken = _index.Values.Any(places => !IsExpired(places) && places.Places.Any(place => gone.Contains(place.File)));
        foreach (var file in gone)
            Drop(file);
        if (!isTaken)
            return;
        _index.Clear();
        _bytes = 0;
        foreach (var file in _files.Values.OrderBy(file => file == _current).ThenBy(file => file.Path, StringComparer.Ordinal))
        {
            file.End = 0;
            file.Scan(Take, isClosed: IsOwn(file) && file != _current);
        }
    }

    private void Take(RecordHead head, RecordPlace place)
    {
        if (!_index.TryGetValue(head.Key, out var places))
            _index.Add(head.Key, places = new());
        _bytes -= places.Bytes;
        places.Take(head, place, options.KeptRows);
        _bytes += places.Bytes;
    }

    private void Remove(string key, StreamPlaces places)
    {
        _index.Remove(key);
        _bytes -= places.Bytes;
    }

    /// <summary>Forgets a file, and the streams that it alone had.</summary>
    private void Drop(StreamLogFile file)
    {
        _files.Remove(file.Path);
        foreach (var (key, places) in _index.Where(one => one.Value.Places.Any(place => place.File == file)).ToList())
            Remove(key, places);
        file.Dispose();
    }

    private bool IsOwn(StreamLogFile file) => StreamLogFile.Parse(file.Path)!.Value.Owner == owner;

    private bool IsExpired(StreamPlaces places) => Now - places.Ticks > options.Expiry.Ticks;
}
