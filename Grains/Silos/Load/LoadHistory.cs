using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Silos.Load;

/// <summary>
/// Samples of a silo's whole life in constant memory: when there are <see cref="Most"/>, each two become one, which covers twice the time.
/// Safe for several threads.
/// </summary>
internal sealed class LoadHistory
{
    /// <summary>The maximum number of samples.</summary>
    public const int Most = 360;

    private readonly Lock _gate = new();
    private readonly List<LoadSample> _samples = new(Most);
    private LoadSample _open;
    private int _merged;

    /// <summary>How many of the samples that are added make one that is kept.</summary>
    public int Width { get; private set; } = 1;

    /// <summary>Adds the sample of the next period.</summary>
    public void Add(LoadSample sample)
    {
        lock (_gate)
        {
            _open = _merged == 0 ? sample : LoadSample.Merge(_open, sample);
            if (++_merged < Width)
                return;
            _merged = 0;
            _samples.Add(_open);
            if (_samples.Count < Most)
                return;
            for (int i = 0; i < Most / 2; i++)
                _samples[i] = LoadSample.Merge(_samples[2 * i], _samples[(2 * i) + 1]);
            _samples.RemoveRange(Most / 2, Most / 2);
            Width *= 2;
        }
    }

    /// <summary>The samples, and how many periods each covers.</summary>
    public (IReadOnlyList<LoadSample> Samples, int Width) Read()
    {
        lock (_gate)
            return ([.. _samples], Width);
    }
}
