namespace Orleans.Tbptt.Grains.Streams;

/// <summary>Where a record is.</summary>
/// <param name="File">Its file.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="First">The number of the first row in it.</param>
internal readonly record struct RecordPlace(StreamLogFile File, long Offset, int Length, long First);

/// <summary>What a list says of a stream.</summary>
/// <param name="Last">The number of its last row.</param>
/// <param name="Ticks">When that was taken, in ticks of UTC.</param>
/// <param name="IsForgotten">Whether the stream was forgotten.</param>
/// <param name="File">The file that has that row.</param>
internal sealed record StreamSummary(long Last, long Ticks, bool IsForgotten, StreamLogFile File)
{
    /// <summary>The silo that appends to the file, or has taken it over, by its name in the names of files.</summary>
    public string Owner => StreamLogFile.Parse(File.Path)!.Value.Owner;
}

/// <summary>Where the last rows of a stream are: the entry of an index, of what all logs say of it.</summary>
internal sealed class StreamPlaces
{
    /// <summary>A hidden state is most of a record; the rows of all others add about as much again.</summary>
    private const long WholeByLast = 3;

    private readonly List<RecordPlace> _places = [];
    private volatile StreamSummary? _summary;

    /// <summary><see cref="StreamState.Epoch"/>.</summary>
    public long Epoch { get; private set; }

    /// <summary><see cref="StreamState.Last"/>.</summary>
    public long Last { get; private set; }

    /// <summary><see cref="StreamState.TakenAt"/>, in ticks of UTC.</summary>
    public long Ticks { get; private set; }

    /// <summary>Whether the stream was forgotten.</summary>
    public bool IsForgotten { get; private set; }

    /// <summary>The records, oldest first; the last one has the hidden state.</summary>
    public IReadOnlyList<RecordPlace> Places => _places;

    /// <summary>What a list says of it; null before its first record. Any thread may ask.</summary>
    public StreamSummary? Summary => _summary;

    /// <summary>About as many bytes as one record of all kept rows has.</summary>
    public long Bytes => _places.Count == 0 ? 0 : _places[^1].Length * (_places.Count > 1 ? WholeByLast : 1L);

    /// <summary>Takes a record, unless a newer one is known: one of a larger epoch, or of the same and a later row.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="kept">How many last rows are kept.</param>
    public void Take(RecordHead head, RecordPlace place, int kept)
    {
        if ((head.Epoch, head.Last).CompareTo((Epoch, Last)) < 0)
            return;

        // Of records of the same rows the later one counts: the one before it was never answered, or is the same.
        if (head.Kind != RecordKind.Rows || head.Epoch > Epoch)
            _places.Clear();
        else
            _places.RemoveAll(one => one.First >= head.First);
        _places.Add(place);
        (Epoch, Last, Ticks, IsForgotten) = (head.Epoch, head.Last, head.Ticks, head.Kind == RecordKind.Forgotten);
        _summary = new(Last, Ticks, IsForgotten, place.File);
        int needless = 0;
        while (needless + 1 < _places.Count && _places[needless + 1].First <= Last - kept + 1)
            needless++;
        _places.RemoveRange(0, needless);
    }
}
