using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Training.Reference;

/// <summary>Seeded numbers for test cases, one after another.</summary>
internal sealed class Draws(long seed)
{
    private readonly ulong _key = CounterRandom.Derive(0, (ulong)seed);
    private ulong _next;

    /// <summary>A whole number in [low, high].</summary>
    public int Int(int low, int high) => low + (int)CounterRandom.Below(_key, _next++, (ulong)(high - low + 1));

    /// <summary>A number in [low, high).</summary>
    public double Double(double low, double high) => low + (high - low) * CounterRandom.Uniform(_key, _next++);

    /// <summary>So many numbers in [-scale, scale).</summary>
    public float[] Floats(int count, double scale = 1) => [.. Enumerable.Range(0, count).Select(_ => (float)Double(-scale, scale))];

    /// <summary>So many whole numbers in [low, high].</summary>
    public int[] Ints(int count, int low, int high) => [.. Enumerable.Range(0, count).Select(_ => Int(low, high))];
}
