namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// Silos that were late, and have lost trainers to others by that. Trainers may go back there after a pause that grows each time: one that
/// is stopped again and again would cost a moment each time.
/// </summary>
internal sealed class LateSilos
{
    /// <summary>The first pause.</summary>
    internal static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause.</summary>
    internal static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Dictionary<SiloAddress, Late> _silos = [];

    /// <summary>A silo was late.</summary>
    public void Note(SiloAddress silo, TimeProvider time)
    {
        var pause = !_silos.TryGetValue(silo, out var before) ? ShortestPause
            : before.Pause * 2 < LongestPause ? before.Pause * 2 : LongestPause;
        _silos[silo] = new(time.GetTimestamp(), pause, IsForgiven: false);
    }

    /// <summary>Silos whose pause is not over.</summary>
    public HashSet<SiloAddress> Paused(TimeProvider time) => [.. _silos.Where(one => !one.Value.IsDue(time)).Select(one => one.Key)];

    /// <summary>Whether a pause is over, and nobody has looked since whether trainers had better go back.</summary>
    public bool AnyIsDue(TimeProvider time)
    {
        foreach (var late in _silos.Values)
        {
            if (!late.IsForgiven && late.IsDue(time))
                return true;
        }

        return false;
    }

    /// <summary>
    /// These silos have answered, and may have trainers again. Those whose pause is over and that have not are late once more.
    /// </summary>
    public void Forgive(IReadOnlySet<SiloAddress> answered, TimeProvider time)
    {
        foreach (var (silo, late) in _silos.Where(one => !one.Value.IsForgiven && one.Value.IsDue(time)).ToList())
        {
            if (answered.Contains(silo))
                _silos[silo] = late with { IsForgiven = true };
            else
                Note(silo, time);
        }
    }

    private sealed record Late(long Since, TimeSpan Pause, bool IsForgiven)
    {
        public bool IsDue(TimeProvider time) => IsForgiven || time.GetElapsedTime(Since) >= Pause;
    }
}
