using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>What is random: a hash of a key and an index, as <see cref="CounterRandom"/> has it.</summary>
internal static class Hashes
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    /// <summary>Whether the upper half of a hash is below a threshold.</summary>
    public static Flag IsBelow(Word key, Int index, Word threshold) => Mix(key + ((Word.Of(index) + 1) * GoldenGamma)) >> 32 < threshold;

    private static Word Mix(Word state)
    {
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
        return state ^ (state >> 31);
    }
}
