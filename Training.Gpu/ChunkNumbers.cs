using System.Runtime.InteropServices;

namespace Orleans.Tbptt.Training.Gpu;

/// <summary>What a replica computes of a chunk.</summary>
/// <param name="Loss">The loss, summed.</param>
/// <param name="Hidden">The hidden state after it.</param>
/// <param name="Gradient">The gradient of the loss.</param>
internal sealed record ChunkNumbers(double Loss, float[] Hidden, float[] Gradient)
{
    /// <summary>The bits of all of them.</summary>
    public int[] Bits =>
    [
        .. MemoryMarshal.Cast<double, int>([Loss]), .. MemoryMarshal.Cast<float, int>(Hidden), .. MemoryMarshal.Cast<float, int>(Gradient),
    ];

    /// <summary>
    /// What of it is farthest from what it should be, and how far, relative to the norm of that; NaN where a number is none.
    /// </summary>
    public (string What, double Distance) FarthestFrom(ChunkNumbers wanted)
    {
        (string, double Distance)[] all =
        [
            ("loss", Math.Abs(Loss - wanted.Loss) / Math.Abs(wanted.Loss)), ("hidden state", Distance(Hidden, wanted.Hidden)),
            ("gradient", Distance(Gradient, wanted.Gradient)),
        ];
        return Array.Find(all, one => double.IsNaN(one.Distance)) is { Item1: not null } none ? none : all.MaxBy(one => one.Distance);
    }

    /// <summary>The norm of a difference, relative to the norm of what is wanted.</summary>
    public static double Distance(ReadOnlySpan<float> found, ReadOnlySpan<float> wanted)
    {
        double difference = 0, norm = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            difference += Math.Pow((double)found[i] - wanted[i], 2);
            norm += Math.Pow(wanted[i], 2);
        }

        return difference == 0 ? 0 : Math.Sqrt(difference / norm);
    }
}
