namespace Orleans.Tbptt.Grains.Telemetry;

/// <summary>
/// What something usually takes: the median of the last times, looked for now and then, for a look costs more than a time.
/// </summary>
internal sealed class UsualTime
{
    private const int Remembered = 64;
    private const int Least = 16;
    private readonly long[] _ticks = new long[Remembered];
    private long _count;

    /// <summary>The median; null until there are a few times.</summary>
    public TimeSpan? Median { get; private set; }

    /// <summary>Adds a time.</summary>
    public void Add(TimeSpan time)
    {
        _ticks[_count++ % Remembered] = time.Ticks;
        if (_count % Least != 0)
            return;
        Span<long> sorted = stackalloc long[Remembered];
        sorted = sorted[..(int)Math.Min(_count, Remembered)];
        _ticks.AsSpan(0, sorted.Length).CopyTo(sorted);
        sorted.Sort();
        Median = new(sorted[sorted.Length / 2]);
    }
}
