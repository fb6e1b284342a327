using System.Numerics.Tensors;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// Sums in a fixed order: a binary tree over the trainers' indices. Float additions do not associate, so the order is part of the result; with
/// the tree, who answered first is not.
/// </summary>
/// <remarks>
/// <code>
/// 0   1   2   3   4        step 1: 0+1, 2+3      step 2: (0+1)+(2+3)      step 3: …+4
/// └─┬─┘   └─┬─┘   │
///   └───┬───┘     │
///       └────┬────┘
/// </code>
/// </remarks>
public static class PairwiseTree
{
    /// <summary>Adds all buffers into the first one; the others are overwritten with partial sums.</summary>
    public static void SumInto(IReadOnlyList<Memory<float>> buffers)
    {
        for (int stride = 1; stride < buffers.Count; stride *= 2)
        {
            for (int i = 0; i + stride < buffers.Count; i += 2 * stride)
                TensorPrimitives.Add<float>(buffers[i].Span, buffers[i + stride].Span, buffers[i].Span);
        }
    }

    /// <summary>The sum of a few numbers by the same tree.</summary>
    public static double Sum(ReadOnlySpan<double> values)
    {
        double[] sums = [.. values];
        for (int stride = 1; stride < sums.Length; stride *= 2)
        {
            for (int i = 0; i + stride < sums.Length; i += 2 * stride)
                sums[i] += sums[i + stride];
        }

        return sums.Length == 0 ? 0 : sums[0];
    }
}
