using System.Numerics.Tensors;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>Looks for losses and gradients that are not finite, and says where they are.</summary>
internal static class Divergence
{
    /// <summary>Names the first trainer whose result is not finite, and its largest gradient; null when all is well.</summary>
    public static string? Find(long step, IReadOnlyList<ShardResult> shards, ParameterLayout layout)
    {
        for (int trainer = 0; trainer < shards.Count; trainer++)
        {
            var gradient = shards[trainer].GradientSum.Span;

            // NaN wins over every magnitude, infinity over the rest.
            float largest = TensorPrimitives.MaxMagnitude<float>(gradient);
            if (double.IsFinite(shards[trainer].LossSum) && float.IsFinite(largest))
                continue;
            int at = TensorPrimitives.IndexOfMaxMagnitude<float>(gradient);
            return $"step {step + 1}, trainer {trainer}: the loss sum is {shards[trainer].LossSum}; "
                + $"the largest gradient is {largest} at {Place(layout, at)}";
        }

        return null;
    }

    /// <summary>Names the first parameter that is not finite; null when all are.</summary>
    public static string? Find(long step, ReadOnlySpan<float> parameters, ParameterLayout layout)
    {
        if (float.IsFinite(TensorPrimitives.MaxMagnitude(parameters)))
            return null;
        int at = 0;
        while (float.IsFinite(parameters[at]))
            at++;
        return $"after step {step} the parameter {Place(layout, at)} is {parameters[at]}";
    }

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
