using System.Collections.Concurrent;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// Where the last rows of each stream are: what the logs of all silos say, as far as they were read. One thread changes it; any may list it
/// meanwhile.
/// </summary>
/// <param name="options">What is kept, and how long.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamIndex(ServeOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, StreamPlaces> _streams = new(concurrencyLevel: 1, capacity: 31, StringComparer.Ordinal);

    /// <summary>Streams that any silo has written of and that are not known to be forgotten.</summary>
    public int Count { get; private set; }

    /// <summary>About as many bytes as one record for each stream, of all its kept rows, has.</summary>
    public long Bytes { get; private set; }

    /// <summary>The time, in ticks of UTC.</summary>
    public long Now => time.GetUtcNow().UtcTicks;

    /// <summary>A stream; null where none was written of.</summary>
    public StreamPlaces? Of(string key) => _streams.GetValueOrDefault(key);

    /// <summary>Whether a stream has had no row for so long that it is forgotten.</summary>
    public bool IsExpired(StreamPlaces places) => IsExpired(places.Ticks);

    /// <summary>The keys of the streams of which some files have records.</summary>
    public IEnumerable<string> In(Func<StreamLogFile, bool> isOne) =>
        _streams.Where(one => one.Value.Places.Any(place => isOne(place.File))).Select(one => one.Key);

    /// <summary>
    /// The streams of a model that are not forgotten, by their IDs in ordinal order, on the caller's thread: rows do not wait for it.
    /// </summary>
    /// <param name="prefix">What their keys begin with; their IDs follow.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="entryOf">An entry of the list, of an ID.</param>
    public StreamList List(string prefix, StreamQuery query, Func<string, StreamSummary, StreamEntry> entryOf)
    {
        // The last of those found so far is on top.
        var found = new PriorityQueue<StreamSummary, string>(
            Comparer<string>.Create(static (one, other) => string.CompareOrdinal(other, one)));
        string after = prefix + query.After;
        int count = 0, matches = 0;
        foreach (var (key, places) in _streams)
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal)
                || places.Summary is not { IsForgotten: false } summary || IsExpired(summary.Ticks))
                continue;
            count++;
            if (!key.AsSpan(prefix.Length).Contains(query.Part, StringComparison.OrdinalIgnoreCase))
                continue;
            matches++;
            if (string.CompareOrdinal(key, after) <= 0)
                continue;
            if (found.Count < query.Most)
                found.Enqueue(summary, key);
            else
                found.EnqueueDequeue(summary, key);
        }

        var streams = new StreamEntry[found.Count];
        for (int i = streams.Length - 1; found.TryDequeue(out var summary, out string? key); i--)
            streams[i] = entryOf(key[prefix.Length..], summary);
        return new(count, matches, streams);
    }

    /// <summary>Takes a record.</summary>
    public void Take(RecordHead head, RecordPlace place)
    {
        if (!_streams.TryGetValue(head.Key, out var places))
        {
            _streams[head.Key] = places = new();
            Count++;
        }

        Bytes -= places.Bytes;
        places.Take(head, place, options.KeptRows);
        Bytes += places.Bytes;
    }

    /// <summary>Forgets a stream.</summary>
    public void Remove(string key)
    {
        if (!_streams.TryRemove(key, out var places))
            return;
        Bytes -= places.Bytes;
        Count--;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _streams.Clear();
        (Bytes, Count) = (0, 0);
    }

    private bool IsExpired(long ticks) => Now - ticks > options.Expiry.Ticks;
}
