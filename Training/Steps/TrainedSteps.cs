using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>How much of the data steps were trained on.</summary>
public static class TrainedSteps
{
    /// <summary>Time steps, summed over lanes: as far as targets count, where that is known.</summary>
    /// <param name="spec">The run's spec.</param>
    /// <param name="shape">The shape of its data.</param>
    /// <param name="plan">The epoch's chunks.</param>
    /// <param name="chunk">The first step's.</param>
    /// <param name="steps">The steps, all of the epoch.</param>
    public static long Of(RunSpec spec, DataShape shape, ChunkPlan plan, long chunk, IReadOnlyList<StepOutcome.Committed> steps)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(steps);
        int elements = Math.Max(1, shape.TargetFeatures);
        long sum = 0;
        for (int i = 0; i < steps.Count; i++)
            sum += spec.Train.Loss.CountsElements ? (long)steps[i].Weight / elements : plan.TimeSteps(chunk + i);
        return sum;
    }
}
