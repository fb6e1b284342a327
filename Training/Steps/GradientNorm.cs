namespace Orleans.Tbptt.Training.Steps;

/// <summary>The global norm of a flat gradient, and clipping by it.</summary>
public static class GradientNorm
{
    /// <summary>
    /// The Euclidean norm, summed in double precision and in a fixed order (<see cref="FixedSum"/>). NaN or infinity when the gradient
    /// holds one.
    /// </summary>
    public static double Of(ReadOnlySpan<float> gradient) => Math.Sqrt(FixedSum.OfSquares(gradient));

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
