namespace Orleans.Tbptt.Grains.Progress;

/// <summary>Steps and sequence steps per second over the last few seconds. Safe to ask from another thread than counts.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);
    private readonly Lock _gate = new();
    private readonly Queue<(long Stamp, long Steps, long SequenceSteps)> _marks = [];
    private long _lastStamp;
    private long _addedAt;
    private TimeSpan _pause;
    private long _steps;
    private long _sequenceSteps;

    /// <summary>Starts counting.</summary>
    public void Start() => Mark(_lastStamp = _addedAt = time.GetTimestamp());

    /// <summary>Counts steps that were made since the last ones were counted: one, or a round.</summary>
    public void Add(int steps, long sequenceSteps)
    {
        long now = time.GetTimestamp();
        lock (_gate)
        {
            (_pause, _addedAt) = (time.GetElapsedTime(_addedAt, now), now);
            _steps += steps;
            _sequenceSteps += sequenceSteps;
            if (time.GetElapsedTime(_lastStamp, now) < Grain)
                return;
            Mark(_lastStamp = now);
            while (_marks.Count > 2 && time.GetElapsedTime(_marks.Peek().Stamp, now) > Window)
                _marks.Dequeue();
        }
    }

    /// <summary>Steps and sequence steps per second; 0 before the first.</summary>
    public (double Steps, double SequenceSteps) Rates()
    {
        lock (_gate)
        {
            if (_marks.Count == 0)
                return default;
            var (stamp, steps, sequenceSteps) = _marks.Peek();

            // What is made at this moment is counted when it is done. Only what takes longer than it did before slows the rate down.
            var pending = time.GetElapsedTime(_addedAt);
            double seconds = (time.GetElapsedTime(stamp) - (pending < _pause ? pending : _pause)).TotalSeconds;
            return seconds <= 0 ? default : ((_steps - steps) / seconds, (_sequenceSteps - sequenceSteps) / seconds);
        }
    }

    private void Mark(long stamp) => _marks.Enqueue((stamp, _steps, _sequenceSteps));
}
