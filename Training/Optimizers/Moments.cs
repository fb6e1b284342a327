using System.Numerics;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>The running means of gradients and of squared gradients, as Adam has them, of the rules that are like it.</summary>
/// <param name="MeanRate">1 − β₁.</param>
/// <param name="Beta2">β₂.</param>
/// <param name="SquareRate">1 − β₂.</param>
internal readonly record struct Moments(Vector<float> MeanRate, Vector<float> Beta2, Vector<float> SquareRate)
{
    /// <summary>Those of a rule.</summary>
    public static Moments Of(AdaptiveRule rule) => new(new((float)(1 - rule.Beta1)), new((float)rule.Beta2), new((float)(1 - rule.Beta2)));

    /// <summary>Takes a gradient in.</summary>
    public void Update(Vector<float> gradient, ref Vector<float> mean, ref Vector<float> square)
    {
        mean += (gradient - mean) * MeanRate;
        square = square * Beta2 + gradient * gradient * SquareRate;
    }
}
