using System.Runtime.CompilerServices;

namespace Orleans.Tbptt.Numerics;

/// <summary>
/// Random numbers without a state: number i of a stream is a hash of (key, i). Nothing to save, nothing that a resume, another thread or
/// another order of calls could change; integers only, so the same bits on every machine.
/// </summary>
/// <remarks>
/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014): number i of the stream with key s is
/// output i + 1 of the published generator seeded with s.
/// </remarks>
public readonly record struct CounterRandom
{
    private const ulong Increment = 0x9E3779B97F4A7C15;
    private readonly ulong _key;

    private CounterRandom(ulong key) => _key = key;

    /// <summary>The stream that a seed and words of meaning (a purpose, a step, a lane …) name together.</summary>
    public static CounterRandom Of(long seed, params ReadOnlySpan<long> words)
    {
        ulong key = (ulong)seed;
        foreach (long word in words)
            key = Mix(key + Increment) ^ Mix((ulong)word * Increment + Increment);
        return new(key);
    }

    /// <summary>A stream below this one.</summary>
    public CounterRandom Sub(long word) => Of((long)_key, word);

    /// <summary>Number <paramref name="index"/>: 64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Bits(long index) => Mix(_key + (ulong)(index + 1) * Increment);

    /// <summary>Number <paramref name="index"/> as a multiple of 2⁻⁵³ in [0, 1).</summary>
    public double Uniform(long index) => (Bits(index) >> 11) * (1.0 / (1L << 53));

    /// <summary>Number <paramref name="index"/> as an integer in [0, <paramref name="bound"/>), by multiplication (bias below 2⁻³²).</summary>
    public int Below(long index, int bound) => (int)(((Bits(index) >> 32) * (ulong)bound) >> 32);

    /// <summary>
    /// A normal variate of mean 0 and deviation 1, near enough for noise and initial vectors: the sum of twelve 16-bit uniforms less six
    /// (variance 12 · 1/12). Additions alone, because logarithms and cosines differ between mathematical libraries in the last bit.
    /// Takes numbers 3·index to 3·index + 2 of the stream.
    /// </summary>
    public double Normal(long index)
    {
        long sum = 0;
        for (int i = 0; i < 3; i++)
        {
            ulong bits = Bits(3 * index + i);
            sum += (long)(bits & 0xffff) + (long)(bits >> 16 & 0xffff) + (long)(bits >> 32 & 0xffff) + (long)(bits >> 48);
        }

        // Twelve times half a unit centres the 16-bit grid.
        return (sum + 6) * (1.0 / 65536) - 6;
    }

    /// <summary>The numbers 0 to <paramref name="count"/> - 1 in an order drawn by Fisher and Yates.</summary>
    public int[] Permutation(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i, i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
