using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>What a spec does to an averaged gradient before the update: first by its norm, then element by element.</summary>
internal static class Clipping
{
    /// <summary>
    /// Clips a gradient, or a piece of one: by <c>torch.nn.utils.clip_grad_norm_</c> and then <c>clip_grad_value_</c>, as far as the spec
    /// says so.
    /// </summary>
    /// <param name="train">The spec.</param>
    /// <param name="gradient">The piece; finite.</param>
    /// <param name="norm">The norm of the whole gradient.</param>
    public static void Apply(TrainSpec train, Span<float> gradient, double norm)
    {
        if (train.ClipNorm is { } limit)
            GradientNorm.Clip(gradient, norm, limit);
        if (train.ClipValue is not { } most)
            return;
        TensorPrimitives.Min(gradient, (float)most, gradient);
        TensorPrimitives.Max(gradient, (float)-most, gradient);
    }
}
