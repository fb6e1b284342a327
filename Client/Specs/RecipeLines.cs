using System.Globalization;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Specs;

/// <summary>What a spec says of updates, averages, the model and the run's end, in words; nothing where it leaves all of it out.</summary>
internal static class RecipeLines
{
    /// <summary>The lines.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="stepsPerEpoch">Steps of its first epoch.</param>
    public static IEnumerable<string> Of(RunSpec spec, long stepsPerEpoch)
    {
        var train = spec.Train;
        if (train.Accumulate > 1)
        {
            long updates = (stepsPerEpoch + train.Accumulate - 1) / train.Accumulate;
            yield return $"updates     {Text.Count(updates)} per epoch, each of the gradients of {Text.Plural(train.Accumulate, "step")}";
        }

        if (Average(train) is { } average)
            yield return $"average     {average}, {(train.EvaluatesAverage ? "which is evaluated" : "kept in checkpoints alone")}";
        if (train.Output == OutputKind.Best)
            yield return "output      the epoch with the lowest validation loss";
        else if (train.EvaluatesAverage)
            yield return "output      the average after the last step";
        if (Ends(spec) is { Length: > 0 } ends)
            yield return $"ends        {ends}";
    }

    private static string? Average(TrainSpec train)
    {
        if (train.Ema is { } ema)
            return $"exponential, decay {Text.Figure(ema.Decay)}{(ema.Warmup ? " with warmup" : "")}";
        return train.Optimizer.Averaging is { } averaging
            ? $"from the epoch on whose loss is higher than the lowest before the last {averaging.Window}" : null;
    }

    private static string Ends(RunSpec spec)
    {
        bool isHeldOut = spec.Data.Validation is not null || spec.Data.ValidationFraction > 0;
        string loss = isHeldOut ? "validation loss" : "training loss";
        List<string> ends = [];
        if (spec.Train.EarlyStopping is { } stopping)
        {
            string by = stopping.MinDelta > 0
                ? string.Create(CultureInfo.InvariantCulture, $" by more than {stopping.MinDelta}") : "";
            ends.Add($"when the {loss} has not become lower{by} in {Text.Plural(stopping.Patience, "epoch")}");
        }

        if (spec.Limits?.Steps is { } steps)
            ends.Add($"is stopped after {Text.Plural(steps, "step")}");
        if (spec.Limits?.Duration is { } duration)
            ends.Add($"is stopped after {Text.Duration(duration.TotalSeconds)}");
        return string.Join("; ", ends);
    }
}
