namespace Orleans.Tbptt.Training.Gpu.Emulation;

/// <summary>
/// The work of an emulated accelerator that runs as late as it may: when its end is waited for. What reads or changes something too early,
/// because it does not wait, is seen by that.
/// </summary>
internal sealed class LateWork
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = [];
    private long _done;
    private bool _isRunning;

    /// <summary>How much work was given so far.</summary>
    public long Given
    {
        get
        {
            lock (_gate)
                return _done + _work.Count;
        }
    }

    /// <summary>Keeps work for later; false while other work runs, of which it is a part.</summary>
    public bool Add(Action work)
    {
        lock (_gate)
        {
            if (_isRunning)
                return false;
            _work.Enqueue(work);
            return true;
        }
    }

    /// <summary>Runs what was given, in order, up to an amount.</summary>
    public void Finish(long count = long.MaxValue)
    {
        lock (_gate)
        {
            if (_isRunning)
                return;
            try
            {
                _isRunning = true;
                while (_done < count && _work.TryDequeue(out var work))
                {
                    _done++;
                    work();
                }
            }
            finally
            {
                _isRunning = false;
            }
        }
    }
}
