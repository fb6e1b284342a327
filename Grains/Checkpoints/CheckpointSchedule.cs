using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Checkpoints;

/// <summary>
/// Says when a checkpoint is due: by steps, by time, at an epoch's end, and how soon after one that could not be written. Safe on any
/// thread.
/// </summary>
internal sealed class CheckpointSchedule
{
    /// <summary>
    /// The next checkpoint by time waits for so many times the last one's duration: writing takes a twentieth of the time at most.
    /// </summary>
    private const int DutyCycle = 20;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    private readonly Lock _gate = new();
    private readonly CheckpointSpec _spec;
    private readonly TimeProvider _time;
    private long _takenAt;
    private long _takenStep;
    private TimeSpan _lastWrite;
    private TimeSpan _pause;
    private long _failedAt;

    /// <summary>Begins to count.</summary>
    /// <param name="spec">How often.</param>
    /// <param name="step">The committed steps that the run continues from.</param>
    /// <param name="time">The clock.</param>
    public CheckpointSchedule(CheckpointSpec spec, long step, TimeProvider time)
    {
        (_spec, _time, _takenStep) = (spec, time, step);
        _takenAt = time.GetTimestamp();
    }

    /// <summary>How long to wait after a failure; zero when the last checkpoint was written.</summary>
    public TimeSpan Pause
    {
        get
        {
            lock (_gate)
                return _pause;
        }
    }

    /// <summary>Whether the last checkpoint could not be written and it is too early to try again.</summary>
    public bool IsPausing
    {
        get
        {
            lock (_gate)
                return _pause > TimeSpan.Zero && _time.GetElapsedTime(_failedAt) < _pause;
        }
    }

    /// <summary>Whether one is due after a committed step.</summary>
    /// <param name="step">Committed steps of the run.</param>
    /// <param name="writerIsFree">Whether the last one is written; one by time waits for that.</param>
    public bool IsDue(long step, bool writerIsFree)
    {
        lock (_gate)
        {
            if (IsPausing)
                return false;
            if (_pause > TimeSpan.Zero)
                return writerIsFree;
            if (_spec.EverySteps is { } every && step / every > _takenStep / every)
                return true;
            var elapsed = _time.GetElapsedTime(_takenAt);
            return writerIsFree && _spec.EverySeconds > 0 && elapsed.TotalSeconds >= _spec.EverySeconds
                && elapsed >= DutyCycle * _lastWrite;
        }
    }

    /// <summary>
    /// The loss by which the state at an epoch's end is kept as one of the best; null when it is none of them, and none is due on its
    /// account.
    /// </summary>
    /// <param name="losses">
    /// The losses of all finished epochs, the last one's last: of validation, or of training where nothing is held out.
    /// </param>
    public double? BestLoss(IReadOnlyList<double> losses) =>
        losses.Count > 0 && losses[^1] is var last && double.IsFinite(last)
            && losses.SkipLast(1).Count(loss => loss <= last) < _spec.KeepBest
            ? last : null;

    /// <summary>A checkpoint is being taken at this step.</summary>
    public void Taken(long step)
    {
        lock (_gate)
            (_takenStep, _takenAt) = (step, _time.GetTimestamp());
    }

    /// <summary>One was written.</summary>
    /// <returns>Whether the one before could not be.</returns>
    public bool Written(TimeSpan took)
    {
        lock (_gate)
        {
            bool worksAgain = _pause > TimeSpan.Zero;
            (_lastWrite, _pause) = (took, TimeSpan.Zero);
            return worksAgain;
        }
    }

    /// <summary>One could not be written: the next is due when the pause is over, which doubles from 5 to 60 seconds.</summary>
    public void Failed()
    {
        lock (_gate)
        {
            _pause = _pause == TimeSpan.Zero ? ShortestPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            _failedAt = _time.GetTimestamp();
        }
    }
}
