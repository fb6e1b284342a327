using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Models;

/// <summary>The hidden state at the end of training, as what forecasts of the rows behind it begin with.</summary>
public static class TrainingEnd
{
    /// <summary>
    /// Why it is no state to begin with; null where it is. The lanes of one stream are its parts in order of time, so that what comes next
    /// follows on the last one; those of series or of shuffled sequences end anywhere.
    /// </summary>
    /// <param name="package">The model.</param>
    public static string? Problem(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        return package.Spec.Data is { Shuffle: false, IsStream: true } ? null
            : "the lanes of this model's training do not end with the last rows of each series";
    }

    /// <summary>The state of the last lane, <c>[h, c][layer][unit]</c>.</summary>
    /// <param name="package">The model; there is no <see cref="Problem"/>.</param>
    public static float[] StateOf(ModelPackage package)
    {
        ArgumentNullException.ThrowIfNull(package);
        var lanes = new float[package.Hidden.Length];
        HiddenTensors.ToLanes(package.Spec.Model, package.Spec.Data.BatchSize, package.Hidden.Span, lanes);
        return lanes[^Forecaster.HiddenLength(package)..];
    }
}
