using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Silos.Load;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>
/// Samples this silo once a second, from its start: two small files, and where the silo offers GPUs, some calls of their driver. No step
/// waits for it.
/// </summary>
/// <param name="silo">Names the silo.</param>
/// <param name="devices">Knows which GPUs there are.</param>
/// <param name="read">Reads what is in use of them.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Logs samples that could not be taken.</param>
internal sealed partial class LoadSampler(
    ILocalSiloDetails silo, SiloDevices devices, ReadGpus read, TimeProvider time, ILogger<LoadSampler> logger) : IDisposable
{
    /// <summary>The time between two samples.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private const string OrleansMeter = "Microsoft.Orleans", Received = "orleans-messaging-processing-dispatcher-received";
    private readonly LoadHistory _history = new();
    private readonly MeterListener _messages = new();
    private readonly Lock _sampling = new();
    private volatile IReadOnlyList<GpuUse> _gpus = [];
    private ITimer? _timer;
    private ProcessLoad _last;
    private long _lastTime;
    private DateTimeOffset _end;
    private long _received;
    private long _lastReceived;

    /// <summary>Begins to sample.</summary>
    public void Begin()
    {
        _messages.InstrumentPublished = (instrument, listener) =>
        {
            // Orleans counts by itself and is asked for the sum, so that a message costs nothing more.
            if (instrument is { IsObservable: true, Name: Received } && instrument.Meter.Name == OrleansMeter)
                listener.EnableMeasurementEvents(instrument);
        };
        _messages.SetMeasurementEventCallback<long>((_, value, _, _) => _received += value);
        _end = time.GetUtcNow();
        _timer = time.CreateTimer(_ => Sample(), null, Period, Period);
    }

    /// <summary>What was in use of the silo's GPUs at the last sample.</summary>
    public IReadOnlyList<GpuUse> Gpus => _gpus;

    /// <summary>The samples until now.</summary>
    public SiloLoad Read()
    {
        var (samples, width) = _history.Read();
        return new()
        {
            Name = silo.Name, End = _end, SecondsPerSample = width * Period.TotalSeconds, Cores = Environment.ProcessorCount,
            Samples = samples,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _messages.Dispose();
    }

    private void Sample()
    {
        // On a machine that is short of threads the timer may be late, and then call twice at once.
        if (!_sampling.TryEnter())
            return;
        try
        {
            SampleOnce();
        }
#pragma warning disable CA1031 // Nobody waits for this, and a figure that cannot be read must not end the silo.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(exception);
        }
        finally
        {
            _sampling.Exit();
        }
    }

    private void SampleOnce()
    {
        if (_lastTime == 0)
        {
            // What a start need not do is done now.
            _messages.Start();
        }

        var now = ProcessLoad.Read();
        long stamp = time.GetTimestamp();
        _received = 0;
        _messages.RecordObservableInstruments();
        if (devices.Offered.Where(device => device.CudaIndex is not null).ToArray() is var gpus && (gpus.Length > 0 || _gpus.Count > 0))
            _gpus = read(gpus);
        if (_lastTime != 0 && time.GetElapsedTime(_lastTime, stamp).TotalSeconds is > 0 and var seconds)
        {
            _history.Add(new((now.Seconds - _last.Seconds) / seconds, (now.MachineSeconds - _last.MachineSeconds) / seconds, now.Memory,
                now.Threads, (_received - _lastReceived) / seconds, _gpus.Average(gpu => gpu.Busy) ?? double.NaN,
                _gpus.Any(gpu => gpu.MemoryUsed is not null) ? _gpus.Sum(gpu => gpu.MemoryUsed ?? 0) : double.NaN));
        }

        (_last, _lastTime, _lastReceived, _end) = (now, stamp, _received, time.GetUtcNow());
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this silo uses could not be sampled")]
    private partial void LogFailed(Exception exception);
}
