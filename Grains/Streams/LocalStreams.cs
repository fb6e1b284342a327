using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// The streams that live on a silo, for requests that reach the silo where they live: a call of a grain costs more than what a row costs
/// otherwise. Any thread may call.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class LocalStreams(TimeProvider time)
{
    /// <summary>
    /// Orleans ends grains that are not called, in a quarter of an hour; so requests go through the grain from time to time.
    /// </summary>
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<StreamKey, (ServedStream Stream, long CalledAt)> _streams = [];

    /// <summary>A stream's grain has begun, or was called.</summary>
    public void Add(StreamKey key, ServedStream stream) => _streams[key] = (stream, time.GetTimestamp());

    /// <summary>A stream's grain ends.</summary>
    public void Remove(StreamKey key, ServedStream stream)
    {
        if (_streams.TryGetValue(key, out var found) && found.Stream == stream)
            _streams.TryRemove(new(key, found));
    }

    /// <summary>A stream that lives here.</summary>
    /// <returns>False where its grain is to be called.</returns>
    public bool TryGet(StreamKey key, [NotNullWhen(true)] out ServedStream? stream)
    {
        bool isHere = _streams.TryGetValue(key, out var found) && time.GetElapsedTime(found.CalledAt) < Period;
        stream = isHere ? found.Stream : null;
        return isHere;
    }
}
