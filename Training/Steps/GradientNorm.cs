using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>The global norm of a flat gradient, and clipping by it.</summary>
public static class GradientNorm
{
    /// <summary>
    /// The Euclidean norm, summed in double precision. Element i goes to partial sum i mod 8 and the partial sums are added in a fixed tree:
    /// the same bits whatever the width of the machine's vectors. NaN or infinity when the gradient holds one.
    /// </summary>
    public static double Of(ReadOnlySpan<float> gradient)
    {
        var sums = Vector512<double>.Zero;
        var blocks = MemoryMarshal.Cast<float, Vector256<float>>(gradient);
        foreach (var block in blocks)
        {
            var (lower, upper) = Vector256.Widen(block);
            var wide = Vector512.Create(lower, upper);
            sums += wide * wide;
        }

        Span<double> partial = stackalloc double[8];
        sums.CopyTo(partial);
        int done = blocks.Length * Vector256<float>.Count;
        for (int i = done; i < gradient.Length; i++)
            partial[i - done] += (double)gradient[i] * gradient[i];
        return Math.Sqrt(PairwiseTree.Sum(partial));
    }

    /// <summary>
    /// Scales the gradient so that its norm is at most <paramref name="limit"/>, by the factor limit / (norm + 1e-6) of
    /// <c>torch.nn.utils.clip_grad_norm_</c>; leaves a shorter one alone.
    /// </summary>
    public static void Clip(Span<float> gradient, double norm, double limit)
    {
        double factor = limit / (norm + 1e-6);
        if (factor < 1)
            System.Numerics.Tensors.TensorPrimitives.Multiply(gradient, (float)factor, gradient);
    }
}
