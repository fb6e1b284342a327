using Orleans.Tbptt.Grains.Store;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// The files of the logs of all silos, as one of them sees them: it reads what the others append, and takes over those of silos that are
/// dead, by renaming them to files of its own. Not thread-safe.
/// </summary>
/// <param name="directory">Their directory.</param>
/// <param name="owner">This silo's name in the names of files.</param>
/// <param name="isAlive">Whether the silo of a name lives.</param>
/// <param name="index">Receives the records.</param>
internal sealed class StreamLogFiles(string directory, string owner, Func<string, bool> isAlive, StreamIndex index) : IDisposable
{
    private const int Attempts = 20;

    private readonly Dictionary<string, StreamLogFile> _files = new(StringComparer.Ordinal);
    private int _number;
    private bool _isRead;

    /// <summary>The file that this silo appends to; null before it has written.</summary>
    public StreamLogFile? Current { get; set; }

    /// <summary>The files of this silo that it appends to no more: taken over, of a former life, or full.</summary>
    public IEnumerable<StreamLogFile> Older => _files.Values.Where(IsOlder);

    /// <summary>Whether a file is of this silo, which appends to it no more.</summary>
    public bool IsOlder(StreamLogFile file) => file != Current && StreamLogFile.Parse(file.Path)!.Value.Owner == owner;

    /// <summary>Makes a file of this silo, to append to.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public StreamLogFile Create()
    {
        Directory.CreateDirectory(directory);
        return StreamLogFile.Create(StreamLogFile.PathOf(directory, owner, ++_number));
    }

    /// <summary>Appends to a file from now on.</summary>
    public void Begin(StreamLogFile next) => Current = _files[next.Path] = next;

    /// <summary>
    /// Reads what the other silos have written since, and takes the files of dead ones over. Files are read in the order of their numbers:
    /// of equal records the one in the later file stays when the other is removed.
    /// </summary>
    /// <returns>Whether there are new <see cref="Older"/> files, whose records are to be moved.</returns>
    public bool Refresh()
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
            return false;
        _isRead = true;
        return Older.Any();
    }

    /// <summary>Forgets a file, and the streams that it alone had.</summary>
    public void Drop(StreamLogFile file)
    {
        _files.Remove(file.Path);
        foreach (string key in index.In(one => one == file).ToList())
            index.Remove(key);
        file.Dispose();
    }

    /// <summary>Forgets all files and what was read of them.</summary>
    public void Clear()
    {
        Dispose();
        _files.Clear();
        index.Clear();
        (Current, _isRead) = (null, false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files.Values)
            file.Dispose();
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
            if (file != Current)
                file.Scan(index.Take, isClosed: IsOlder(file));
        }

        DropGone([.. _files.Values.Where(file => file != Current && found.All(one => one.Path != file.Path))]);
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
        bool isTaken = index.In(gone.Contains).Any(key => !index.IsExpired(index.Of(key)!));
        foreach (var file in gone)
            Drop(file);
        if (!isTaken)
            return;
        index.Clear();
        foreach (var file in _files.Values.OrderBy(file => file == Current).ThenBy(file => file.Path, StringComparer.Ordinal))
        {
            file.End = 0;
            file.Scan(index.Take, isClosed: IsOlder(file));
        }
    }
}
