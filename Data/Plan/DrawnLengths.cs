using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Plan;

/// <summary>
/// The chunk lengths of an epoch's steps where they are random, the same for every lane: a hash of (seed, epoch, step), so that every
/// trainer and every resumed run has the same ones.
/// </summary>
/// <param name="seed">The run's seed.</param>
/// <param name="epoch">The epoch, from 0.</param>
/// <param name="mean">The mean length.</param>
/// <param name="spec">How they are drawn.</param>
internal sealed class DrawnLengths(long seed, int epoch, int mean, RandomLengthSpec spec)
{
    private readonly ulong _key = CounterRandom.Derive(CounterRandom.Key(seed, RandomPurpose.ChunkLengths), (ulong)epoch);
    private readonly List<long> _before = [0];

    /// <summary>
    /// The length of a step of the epoch, from 0: normal around the mean or half of it, cut to a whole number, at least
    /// <see cref="RandomLengthSpec.Least"/>.
    /// </summary>
    public int At(long step)
    {
        ulong own = CounterRandom.Derive(_key, (ulong)step);
        double middle = CounterRandom.Uniform(own, 0) < spec.HalfProbability ? mean / 2.0 : mean;
        double drawn = middle + (spec.Deviation * CounterRandom.Normal(own, 1));
        return (int)Math.Min(spec.Longest(mean), Math.Max(RandomLengthSpec.Least, drawn));
    }

    /// <summary>The learning rate of a step of the epoch as a share of that of a chunk of mean length.</summary>
    public double RateFactor(long step) => (double)At(step) / mean;

    /// <summary>The first time step of a step's chunk in a sequence that began with another step.</summary>
    public long Start(long first, long step) => Before(step) - Before(first);

    /// <summary>The step after the last chunk of a sequence.</summary>
    /// <param name="first">The step it began with.</param>
    /// <param name="length">Its time steps.</param>
    public long End(long first, int length)
    {
        long wanted = Before(first) + length;
        while (_before[^1] < wanted)
            Before(_before.Count);
        int at = _before.BinarySearch(wanted);
        return at < 0 ? ~at : at;
    }

    /// <summary>The time steps of all steps before one.</summary>
    private long Before(long step)
    {
        while (_before.Count <= step)
            _before.Add(_before[^1] + At(_before.Count - 1));
        return _before[(int)step];
    }
}
