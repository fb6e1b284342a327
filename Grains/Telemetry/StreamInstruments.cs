using System.Diagnostics.Metrics;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Telemetry;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// What a silo measures of the streams that it serves, on the meter <see cref="Traces.Name"/>. Any thread may call.
/// </summary>
internal sealed class StreamInstruments
{
    private readonly Histogram<double> _duration;
    private readonly Histogram<long> _batch;
    private readonly Counter<long> _rows;
    private int _active;
    private int _stored;

    public StreamInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(Traces.Name, ProtocolVersion.Product);
        _duration = meter.CreateHistogram("tbptt.stream.duration", "s",
            "From rows at their stream to their answer, which is on the disk then.", advice: Boundaries.Step);
        _batch = meter.CreateHistogram("tbptt.stream.batch", "{row}", "Rows of one product, each of another stream.",
            advice: Boundaries.Rows);
        _rows = meter.CreateCounter<long>("tbptt.stream.rows", "{row}", "Rows that were sent to streams.");
        meter.CreateObservableGauge("tbptt.streams", Streams, "{stream}",
            "Streams in the memory of this silo, and those in the logs that it has read.");
    }

    /// <summary>Streams in the logs.</summary>
    public int Stored
    {
        set => Volatile.Write(ref _stored, value);
    }

    /// <summary>A stream came into memory, or left it.</summary>
    public void OnActive(int more) => Interlocked.Add(ref _active, more);

    /// <summary>A product was computed.</summary>
    public void OnBatch(int rows) => _batch.Record(rows);

    /// <summary>Rows were answered, or refused.</summary>
    public void OnAnswered(int rows, StreamOutcome outcome, TimeSpan took)
    {
        var tag = new Tag("outcome", Names[(int)outcome]);
        _rows.Add(rows, tag);
        _duration.Record(took.TotalSeconds, tag);
    }

    private static string[] Names { get; } = [.. Enum.GetNames<StreamOutcome>().Select(name => name.ToLowerInvariant())];

    private IEnumerable<Measurement<int>> Streams() =>
    [
        new(Volatile.Read(ref _active), new Tag("state", "active")), new(Volatile.Read(ref _stored), new Tag("state", "stored")),
    ];
}
