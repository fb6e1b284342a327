using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Metrics;

/// <summary>Brings targets, and what is predicted of them, to the units of the data.</summary>
internal static class TargetUnits
{
    /// <summary>Brings numbers of one target to its units; as they are where it is trained on as it is.</summary>
    /// <param name="set">The sequences.</param>
    /// <param name="slice">The time steps that the numbers belong to.</param>
    /// <param name="target">Which target.</param>
    /// <param name="values">The numbers, <c>[slice.Length]</c>.</param>
    /// <param name="destination">Receives them, as many.</param>
    /// <param name="kind">What they are. Default values of the target.</param>
    public static void ToUnits(
        this ISequenceSet set, SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination,
        PredictedUnits kind = PredictedUnits.Value)
    {
        if (set.Units is { } units && kind == PredictedUnits.Value)
        {
            units.ToUnits(slice, target, values, destination);
            return;
        }

        double factor = set.Units is { } scale && kind == PredictedUnits.Spread ? scale.Factor(slice.Sequence, target) : 1;
        for (int i = 0; i < values.Length; i++)
            destination[i] = values[i] * factor;
    }
}
