using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Grains.Telemetry;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>
/// Computes and writes the rows of all streams of a silo, on one thread: what has come while a batch was written is the next one. So the
/// streams that wait share a product and a flush, and none waits for a timer.
/// </summary>
internal sealed partial class StreamWorker : IDisposable
{
    /// <summary>Streams of a batch, at most.</summary>
    internal const int Most = 256;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly ServeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<StreamWorker> _logger;
    private readonly StreamInstruments _instruments;
    private readonly Func<StreamLog> _open;
    private readonly Action<int> _computedRows;
    private readonly StreamBatch _batch = new();
    private readonly List<(StreamJob Job, StreamState After)> _computed = [];
    private Queue<object> _waiting = new();
    private StreamLog? _log;
    private Thread? _thread;
    private long _movesAt;
    private int _incarnation;
    private bool _ends;

    public StreamWorker(
        RunStore store, ILocalSiloDetails silo, ISiloStatusOracle silos, IOptions<TbpttGrainsOptions> options, TimeProvider time,
        StreamInstruments instruments, ILogger<StreamWorker> logger)
    {
        (_options, _time, _instruments, _logger) = (options.Value.Serve, time, instruments, logger);
        _computedRows = instruments.OnBatch;
        _open = () => new(
            store.Streams, silo.SiloAddress.ToParsableString(), name => IsAlive(silos, silo.SiloAddress, name), _options, time,
            problem => LogDamage(logger, problem));
    }

    /// <summary>Grows when another silo has taken the streams of this one over: what is in memory is to be loaded again.</summary>
    public int Incarnation => Volatile.Read(ref _incarnation);

    /// <summary>Computes and writes rows.</summary>
    /// <returns>The stream behind them, once they are on the disk.</returns>
    /// <exception cref="IOException">They cannot be written.</exception>
    public Task<StreamState> Take(StreamJob job)
    {
        Add(job);
        return job.Done;
    }

    /// <summary>Does something with the log, on the worker's thread, between two batches.</summary>
    public Task<T> Ask<T>(Func<StreamLog, T> ask)
    {
        var question = new Question<T>(ask);
        Add(question);
        return question.Done;
    }

    /// <summary>Ends the thread behind what waits.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ends = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Add(object work)
    {
        lock (_gate)
        {
            if (_ends)
                throw new ObjectDisposedException(nameof(StreamWorker), "the silo ends");
            _waiting.Enqueue(work);
            if (_thread is null)
            {
                // Most silos serve nothing.
                _thread = new(Run) { Name = "streams", IsBackground = true };
                _thread.UnsafeStart();
            }

            if (_waiting.Count == 1)
                Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        _log = _open();
        var work = new Queue<object>();
        while (Next(ref work))
        {
            while (work.Count > 0)
            {
                _batch.Clear();
                while (_batch.Jobs.Count < Most && work.TryDequeue(out object? one))
                {
                    if (one is StreamJob job)
                        _batch.Jobs.Add(job);
                    else
                        ((IQuestion)one).Answer(_log);
                }

                Volatile.Write(ref _incarnation, _log.Incarnation);

                if (_batch.Jobs.Count > 0)
                    Do(_log);
            }

            if (_log.IsMoving && _time.GetTimestamp() >= _movesAt)
                Move(_log);
        }

        _log.Dispose();
    }

    /// <summary>Waits for work; returns without any where records are to be moved.</summary>
    /// <returns>False where the silo ends and nothing waits.</returns>
    private bool Next(ref Queue<object> work)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_ends)
            {
                if (_log!.IsMoving && _time.GetTimestamp() >= _movesAt)
                    return true;
                Monitor.Wait(_gate, _log.IsMoving ? Pause : Timeout.InfiniteTimeSpan);
            }

            (work, _waiting) = (_waiting, work);
            return work.Count > 0 || !_ends;
        }
    }

    private void Do(StreamLog log)
    {
        _computed.Clear();
        try
        {
            _batch.Compute(_computedRows);
            var now = _time.GetUtcNow();
            foreach (var job in _batch.Jobs)
            {
                var after = job.After(now, _options.KeptRows);
                try
                {
                    log.Append(job.Key, after, job.Rows - job.WarmUp);
                    _computed.Add((job, after));
                }
                catch (StreamsTakenException exception)
                {
                    // It waited while the streams were lost; the others of the batch were loaded afterwards.
                    job.Fail(exception);
                }
            }

            log.Commit();
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to those who wait.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref _incarnation, log.Incarnation);
            if (exception is not StreamsTakenException)
                LogFailure(_logger, exception);
            log.Abandon();
            foreach (var job in _batch.Jobs)
                job.Fail(exception);
            return;
        }

        foreach (var (job, after) in _computed)
            job.Complete(after);
        _instruments.Stored = log.Count;
    }

    private void Move(StreamLog log)
    {
        try
        {
            log.Evacuate();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Volatile.Write(ref _incarnation, log.Incarnation);
            LogFailure(_logger, exception);
            _movesAt = _time.GetTimestamp() + (long)(Pause.TotalSeconds * _time.TimestampFrequency);
        }
    }

    private static bool IsAlive(ISiloStatusOracle silos, SiloAddress self, string name)
    {
        var silo = SiloAddress.FromParsableString(name);
        return silo.Equals(self) || silos.GetApproximateSiloStatus(silo) is not (SiloStatus.None or SiloStatus.Dead);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Rows of streams are not written, and not answered")]
    private static partial void LogFailure(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem}")]
    private static partial void LogDamage(ILogger logger, string problem);

    private interface IQuestion
    {
        void Answer(StreamLog log);
    }

    private sealed class Question<T>(Func<StreamLog, T> ask) : IQuestion
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Done => _done.Task;

        public void Answer(StreamLog log)
        {
            try
            {
                _done.SetResult(ask(log));
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the caller.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                log.Abandon();
                _done.SetException(exception);
            }
        }
    }
}
