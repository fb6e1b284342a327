namespace Orleans.Tbptt.Numerics;

/// <summary>
/// Pseudo-random numbers without a state: each is a hash of where it is used, so that it is the same wherever it is computed, in whatever
/// order, after whatever resume.
/// </summary>
/// <remarks>
/// A <em>key</em> names a generator; it comes from a seed and a purpose (<see cref="Key(long, RandomPurpose)"/>) and is refined by
/// <see cref="Derive"/>, once for each coordinate (epoch, layer, lane, …). Number <c>index</c> of a key is output <c>index</c> of the
/// splitmix64 generator (Steele, Lea and Flood, 2014) whose state begins at the key. Integer operations, and additions and
/// multiplications of doubles in a fixed order: the same bits on every machine.
/// </remarks>
public static class CounterRandom
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>The key of everything that <paramref name="purpose"/> draws from <paramref name="seed"/>.</summary>
    public static ulong Key(long seed, RandomPurpose purpose) => Derive(Hash(0, unchecked((ulong)seed)), (ulong)purpose);

    /// <summary>The key of part <paramref name="part"/> of what <paramref name="key"/> stands for: of an epoch, a layer, a lane.</summary>
    /// <remarks>Hashed twice, so that keys of neighbouring parts do not begin at neighbouring places of one and the same
    /// sequence.</remarks>
    public static ulong Derive(ulong key, ulong part) => Mix(Hash(key, part) ^ GoldenGamma);

    /// <summary>Number <paramref name="index"/> of <paramref name="key"/>, every value of 64 bits equally likely.</summary>
    public static ulong Hash(ulong key, ulong index) => unchecked(Mix(key + ((index + 1) * GoldenGamma)));

    /// <summary>A number in [0, 1), a multiple of 2⁻⁵³: the top 53 bits of <see cref="Hash"/>.</summary>
    public static double Uniform(ulong key, ulong index) => (Hash(key, index) >> 11) * (1.0 / (1UL << 53));

    /// <summary>
    /// A whole number in [0, <paramref name="bound"/>): the top 64 bits of hash × bound; its bias is below bound / 2⁶⁴.
    /// </summary>
    /// <param name="key">The generator.</param>
    /// <param name="index">Which of its numbers.</param>
    /// <param name="bound">How many numbers there are to choose from; at least 1.</param>
    public static ulong Below(ulong key, ulong index, ulong bound) => Math.BigMul(Hash(key, index), bound, out _);

    /// <summary>
    /// A number of mean 0 and variance 1 that is as good as normal: the sum of uniforms 12·index to 12·index + 11, minus 6
    /// (Irwin–Hall; between −6 and 6).
    /// </summary>
    /// <remarks>
    /// Box and Muller's transform needs log and cos, whose last bits differ between C libraries; additions alone are the same everywhere.
    /// </remarks>
    public static double Normal(ulong key, ulong index)
    {
        double sum = 0;
        ulong first = unchecked(index * 12);
        for (ulong draw = 0; draw < 12; draw++)
            sum += Uniform(key, unchecked(first + draw));
        return sum - 6;
    }

    /// <summary>
    /// The output function of splitmix64: a bijection of 64 bits in which every input bit moves about half of the output's.
    /// </summary>
    public static ulong Mix(ulong state)
    {
        unchecked
        {
            state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
            return state ^ (state >> 31);
        }
    }
}

/// <summary>
/// What random numbers are drawn for. Each purpose has separate numbers; the values are part of every result and never change.
/// </summary>
public enum RandomPurpose
{
    /// <summary>Initial weights.</summary>
    InitialWeights = 1,

    /// <summary>The order of sequences in an epoch.</summary>
    Shuffle = 2,

    /// <summary>Dropout masks.</summary>
    Dropout = 3,

    /// <summary>Inputs of the synthetic source <c>average</c>.</summary>
    AverageInputs = 4,

    /// <summary>Frequencies and phases of the synthetic source <c>sine</c>.</summary>
    SineWaves = 5,

    /// <summary>The roundings of gradients to bfloat16.</summary>
    GradientRounding = 6,

    /// <summary>The tokens that a trained model generates.</summary>
    Sampling = 7,

    /// <summary>The lengths of chunks.</summary>
    ChunkLengths = 8,

    /// <summary>The values that a sweep tries.</summary>
    Sweep = 9,
}
