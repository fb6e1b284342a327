namespace Orleans.Tbptt.Data;

/// <summary>The way back from targets as they are trained on to the units of the data.</summary>
public interface ITargetUnits
{
    /// <summary>Brings values of one target back to its units, in float64.</summary>
    /// <param name="slice">The time steps that the values belong to.</param>
    /// <param name="target">Which target, in the order of the model's outputs.</param>
    /// <param name="values">Targets, or outputs in their place, <c>[slice.Length]</c>; NaN where an element is masked.</param>
    /// <param name="destination">Receives them in the target's units, <c>[slice.Length]</c>; NaN stays NaN.</param>
    void ToUnits(SequenceSlice slice, int target, ReadOnlySpan<float> values, Span<double> destination);

    /// <summary>
    /// What a difference of two values of a target is multiplied by on its way to the units: the scale's. NaN where that depends on the
    /// values, as that of logarithms does.
    /// </summary>
    /// <param name="sequence">The sequence that the values belong to.</param>
    /// <param name="target">Which target.</param>
    double Factor(int sequence, int target);

    /// <summary>
    /// The root mean squared error, in the target's units, of forecasting the last known value over all sequences; null where the target
    /// is no input, so that no value of it is known.
    /// </summary>
    /// <param name="target">Which target, in the order of the model's outputs.</param>
    double? NaiveRmse(int target);

    /// <summary>
    /// The mean absolute error, in the target's units, of a forecast without a model over the time steps that are trained on, which errors
    /// are scaled by; NaN, the default, where nobody knows it.
    /// </summary>
    /// <param name="sequence">The sequence whose errors are scaled.</param>
    /// <param name="target">Which target, in the order of the model's outputs.</param>
    double NaiveError(int sequence, int target) => double.NaN;
}
