using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>
/// Follows one run for all viewers at this silo: reads its events, and samples its trainers' activity four times a second. When the
/// coordinator is lost, the feed retries until another one has taken the run over.
/// </summary>
internal sealed partial class RunFeed : IAsyncDisposable
{
    /// <summary>The time between two samples of the trainers, and the minimum time between two messages to viewers.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    /// <summary>The time between two polls of a run that is not in training.</summary>
    private static readonly TimeSpan RestPeriod = TimeSpan.FromSeconds(1);

    /// <summary>A coordinator that takes longer than this to report its run's status counts as silent.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>A strip starts with its run, unless that is longer ago than this: the columns would be too coarse.</summary>
    private static readonly TimeSpan LongestPast = TimeSpan.FromMinutes(5);

    private const int Page = 10_000;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ICoordinatorGrain _coordinator;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RunDirectory _directory;
    private readonly RunHistory _history;
    private readonly TrainerStrip _strip = new();
    private readonly Task _following;
    private volatile RunStatus _status;
    private DateTimeOffset _heard;
    private bool _silent;
    private bool _isRetired;

    /// <summary>Starts to follow a run.</summary>
    /// <param name="directory">The run.</param>
    /// <param name="status">Its status.</param>
    /// <param name="train">How it is trained; null where nobody knows.</param>
    /// <param name="coordinator">Its coordinator.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logs calls that were not answered.</param>
    public RunFeed(RunDirectory directory, RunStatus status, TrainSpec? train, ICoordinatorGrain coordinator, TimeProvider time,
        ILogger logger)
    {
        (_directory, _status, _history) = (directory, status, RunHistory.Of(train));
        (_coordinator, _time, _logger) = (coordinator, time, logger);
        Journal = new(directory.Metrics, train?.ClipNorm);
        _heard = time.GetUtcNow();
        _following = Task.WhenAll(Task.Run(FollowEventsAsync), Task.Run(FollowStatusAsync));
    }

    /// <summary>The time of the last view, as a timestamp of the clock.</summary>
    public long LastView { get; set; }

    /// <summary>The run's last status.</summary>
    public RunStatus Status => _status;

    /// <summary>
    /// The run's journal in the run store: any range of its steps, as exactly as a chart needs it (<see cref="JournalReader.Range"/>).
    /// Reads from the disk.
    /// </summary>
    public JournalReader Journal { get; }

    /// <summary>Whether the run is not in training, as far as known.</summary>
    public bool Rests => _status.HasEnded || _status.State == RunState.Paused;

    /// <summary>Completes when all events that existed at the start have been read.</summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>Records a view, which keeps the feed alive for a while.</summary>
    /// <returns>Whether the feed is still active; otherwise a new one is needed.</returns>
    public bool TryKeep()
    {
        lock (_gate)
        {
            LastView = _time.GetTimestamp();
            return !_isRetired;
        }
    }

    /// <summary>Retires the feed if there was no view for a time.</summary>
    /// <returns>Whether it was retired.</returns>
    public bool TryRetire(TimeSpan memory)
    {
        lock (_gate)
            return _isRetired |= _time.GetElapsedTime(LastView) > memory;
    }

    /// <summary>Reads a consistent snapshot of the run under the lock.</summary>
    public T Read<T>(Func<RunSnapshot, T> read)
    {
        LastView = _time.GetTimestamp();
        lock (_gate)
            return read(new(new RunInfo(_directory, _status, _time.GetUtcNow()), _history, _strip, _silent ? _heard : null));
    }

    /// <summary>Reads the run's status now, so that a user sees the effect of a control request.</summary>
    public async Task RefreshAsync()
    {
        try
        {
            Take(await _coordinator.GetStatus().WaitAsync(Patience, _time, _end.Token));
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or OperationCanceledException)
        {
            LogSilent(exception, _directory.Id);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task FollowEventsAsync()
    {
        long seen = Load();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                if (Rests && seen >= _status.LastEvent)
                {
                    // A coordinator of a run that is not in training reads the complete journal for every such call.
                    _caughtUp.TrySetResult();
                    await Task.Delay(RestPeriod, _time, _end.Token);
                    continue;
                }

                var page = await _coordinator.ReadEvents(seen, Page).WaitAsync(_end.Token);
                seen = Math.Max(seen, page.Last);
                var events = page.Lines.Select(RunJson.ReadEventOrNull).OfType<RunEvent>().ToList();
                lock (_gate)
                    events.ForEach(_history.Add);
                if (page.Lines.Count < Page && !page.HasMore)
                {
                    _caughtUp.TrySetResult();
                    await Task.Delay(Rests ? RestPeriod : Period, _time, _end.Token);
                }
            }
            catch (Exception exception) when (!_end.IsCancellationRequested)
            {
                LogSilent(exception, _directory.Id);
                await Task.Delay(RestPeriod, _time, _end.Token);
            }
        }
    }

    /// <summary>What is in closed segments is read from the run store; the coordinator gives the rest.</summary>
    private long Load()
    {
        lock (_gate)
        {
            try
            {
                return _history.Load(Journal);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                LogUnread(exception, _directory.Metrics);
                return _history.Number;
            }
        }
    }

    private async Task FollowStatusAsync()
    {
        using var timer = new PeriodicTimer(Period, _time);
        while (await timer.WaitForNextTickAsync(_end.Token))
        {
            try
            {
                var status = await _coordinator.GetStatus().WaitAsync(Patience, _time, _end.Token);
                Take(status);
                if (Rests)
                    await Task.Delay(RestPeriod, _time, _end.Token);
            }
            catch (Exception exception) when (!_end.IsCancellationRequested)
            {
                LogSilent(exception, _directory.Id);
                lock (_gate)
                    _silent = true;
            }
        }
    }

    private void Take(RunStatus status)
    {
        lock (_gate)
        {
            (_status, _heard, _silent) = (status, _time.GetUtcNow(), false);
            // A run whose trainers were never placed has nothing to show; lost trainers that wait for a silo are shown as lost.
            if (Rests || status.Trainers.Count == 0 || status.Trainers.All(trainer => trainer.Silo.Length == 0))
                return;
            bool young = _heard - status.SubmittedAt < LongestPast;
            _strip.Add(_heard, status.Trainers, young ? status.SubmittedAt : _heard);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The journal {Journal} cannot be read from here, and is read over its coordinator")]
    private partial void LogUnread(Exception exception, string journal);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The coordinator of {Run} does not answer")]
    private partial void LogSilent(Exception exception, RunId run);
}
