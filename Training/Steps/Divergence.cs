using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>Looks for losses and gradients that are not finite, and says where they are.</summary>
internal static class Divergence
{
    // The square root of float32's largest number.
    private const float LargestSquared = 1.8446743e19f;

    /// <summary>The gradient element of the largest magnitude. NaN wins over every magnitude, infinity over the rest.</summary>
    public static LargestGradient Largest(ReadOnlySpan<float> gradient) =>
        new(TensorPrimitives.MaxMagnitude(gradient), TensorPrimitives.IndexOfMaxMagnitude(gradient));

    /// <summary>Names the first shard whose loss or gradient is not finite, and its largest gradient; null when all are finite.</summary>
    /// <param name="step">Committed steps before this one.</param>
    /// <param name="lossSums">Each shard's loss sum.</param>
    /// <param name="largest">Each shard's largest gradient.</param>
    /// <param name="layout">Names the parameters.</param>
    public static string? Find(long step, IReadOnlyList<double> lossSums, IReadOnlyList<LargestGradient> largest, ParameterLayout layout)
    {
        for (int shard = 0; shard < largest.Count; shard++)
        {
            if (!double.IsFinite(lossSums[shard]) || !float.IsFinite(largest[shard].Value))
                return $"step {step + 1}, shard {shard}: {Describe(lossSums[shard], largest[shard], layout)}";
        }

        return null;
    }

    /// <summary>
    /// Names the step of a round that was the first not to be finite, the first shard for which it was not, and what; null when all is
    /// well.
    /// </summary>
    public static string? Find(long step, IReadOnlyList<RoundResult> shards)
    {
        int shard = Enumerable.Range(0, shards.Count).Where(one => shards[one].NotFinite is not null)
            .OrderBy(one => shards[one].LossSums.Count).DefaultIfEmpty(-1).First();
        return shard < 0 ? null : $"step {step + shards[shard].LossSums.Count + 1}, shard {shard}: {shards[shard].NotFinite}";
    }

    /// <summary>A loss and the largest gradient, in words.</summary>
    public static string Describe(double lossSum, ReadOnlySpan<float> gradient, ParameterLayout layout) =>
        Describe(lossSum, Largest(gradient), layout);

    /// <summary>Names the first parameter that is not finite; null when all are.</summary>
    public static string? Find(long step, ReadOnlySpan<float> parameters, ParameterLayout layout) =>
        Describe(parameters, layout) is { } found ? $"after step {step} {found}" : null;

    /// <summary>Names the first parameter that is not finite; null when all are.</summary>
    public static string? Describe(ReadOnlySpan<float> parameters, ParameterLayout layout)
    {
        if (float.IsFinite(TensorPrimitives.MaxMagnitude(parameters)))
            return null;
        int at = FirstNotFinite(parameters);
        return $"the parameter {Place(layout, at)} is {parameters[at]}";
    }

    /// <summary>Names the first number of an update that is not finite, why it is not, and what to do.</summary>
    /// <param name="state">The state after the update.</param>
    /// <param name="gradient">The gradient of the update.</param>
    public static string Describe(TrainingState state, ReadOnlySpan<float> gradient) =>
        Describe(state.Optimizer, state.Parameters, gradient, state.Layout);

    /// <inheritdoc cref="Describe(TrainingState, ReadOnlySpan{float})"/>
    public static string Describe(
        IOptimizer optimizer, ReadOnlySpan<float> parameters, ReadOnlySpan<float> gradient, ParameterLayout layout)
    {
        foreach (var average in optimizer.Averages)
        {
            if (FirstNotFinite(average.Values.Span) is not (>= 0 and var at))
                continue;
            float own = gradient[at];
            return $"the optimizer's {average.Name} of {Place(layout, at)} is {average.Values.Span[at]}, "
                + (Math.Abs(own) > LargestSquared ? "because float32 cannot hold the square of its gradient, " : "its gradient ")
                + $"{own}; "
                + "scale the data so that targets are near 1, or set train.clipNorm, and train a new run";
        }

        return $"{Describe(parameters, layout) ?? "a parameter is not finite"} after the update; lower train.optimizer.lr, or set "
            + "train.clipNorm, and train a new run";
    }

    private static int FirstNotFinite(ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                return i;
        }

        return -1;
    }

    private static string Describe(double lossSum, LargestGradient largest, ParameterLayout layout) =>
        $"the loss sum is {lossSum}; the largest gradient is {largest.Value} at {Place(layout, largest.At)}";

    private static string Place(ParameterLayout layout, int at)
    {
        var slot = layout.Slots.Last(slot => slot.Offset <= at);
        int rest = at - slot.Offset;
        var index = new int[slot.Shape.Count];
        for (int axis = index.Length - 1; axis >= 0; rest /= slot.Shape[axis--])
            index[axis] = rest % slot.Shape[axis];
        return $"{slot.Name}[{string.Join(", ", index)}]";
    }
}

/// <summary>The element of a gradient that has the largest magnitude.</summary>
/// <param name="Value">The element.</param>
/// <param name="At">Its place in the flat gradient.</param>
public readonly record struct LargestGradient(float Value, int At);
