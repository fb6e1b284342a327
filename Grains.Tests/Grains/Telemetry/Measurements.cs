using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Tests.Grains.Telemetry;

/// <summary>One measurement; tags as <c>key=value</c>, in order.</summary>
internal sealed record Measured(string Instrument, string? Unit, double Value, IReadOnlyList<string> Tags);

/// <summary>Takes down what the silos of one cluster measure, and not what those of other tests do.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Measured> _all = [];
    private readonly ConcurrentDictionary<string, int> _instruments = [];

    public Measurements(TestSilos silos)
    {
        object[] own =
            [.. silos.Cluster.Silos.Select(silo => silos.Cluster.GetSiloServiceProvider(silo.SiloAddress)
                .GetRequiredService<IMeterFactory>())];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Traces.Name && own.Contains(instrument.Meter.Scope))
            {
                _instruments[instrument.Name] = 0;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>The names of the instruments.</summary>
    public ICollection<string> Instruments => _instruments.Keys;

    /// <summary>All so far.</summary>
    public IReadOnlyList<Measured> All => [.. _all];

    public IReadOnlyList<Measured> Of(string instrument) => [.. _all.Where(one => one.Instrument == instrument)];

    /// <summary>What the gauges show at this moment.</summary>
    public IReadOnlyList<Measured> Observe()
    {
        int before = _all.Count;
        _listener.RecordObservableInstruments();
        return [.. _all.Skip(before)];
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var named = new List<string>();
        foreach (var (key, text) in tags)
            named.Add($"{key}={text}");
        named.Sort(StringComparer.Ordinal);
        _all.Enqueue(new(instrument.Name, instrument.Unit, value, named));
    }
}
