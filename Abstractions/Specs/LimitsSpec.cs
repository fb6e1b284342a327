namespace Orleans.Tbptt.Specs;

/// <summary>
/// How much of a run is trained at once: it is stopped at a limit, with a checkpoint and a model, and continues when it is resumed with a
/// greater one. No committed step depends on it.
/// </summary>
public sealed record LimitsSpec
{
    /// <summary>Time of training, evaluations included, after which the run is stopped at a step; null for no limit.</summary>
    /// <remarks>
    /// Measured by clocks and not by the spec: which step it is differs from run to run. What was lost with a coordinator does not count.
    /// </remarks>
    public TimeSpan? Duration { get; init; }

    /// <summary>Steps that the run itself commits before it is stopped; null for no limit.</summary>
    public int? Steps { get; init; }

    /// <summary>Epochs that the run finishes, evaluation included, before it is stopped; null for no limit.</summary>
    public int? Epochs { get; init; }

    /// <summary>Which limit has been reached, in words; null for none.</summary>
    /// <param name="steps">Steps that the run itself has committed.</param>
    /// <param name="epochs">Epochs that it has finished.</param>
    /// <param name="trained">How long it has been trained.</param>
    public string? Reached(long steps, int epochs, TimeSpan trained)
    {
        if (Steps <= steps)
            return $"stopped by its limit of {Steps} {(Steps == 1 ? "step" : "steps")} (limits.steps)";
        if (Epochs <= epochs)
            return $"stopped by its limit of {Epochs} {(Epochs == 1 ? "epoch" : "epochs")} (limits.epochs)";
        return Duration <= trained ? $"stopped by its limit of {Durations.Write(Duration.Value)} (limits.duration)" : null;
    }

    /// <summary>Why a run that has been trained so far cannot be resumed with these limits; null where it can.</summary>
    /// <param name="steps">Steps that the run itself has committed.</param>
    /// <param name="epochs">Epochs that it has finished.</param>
    /// <param name="trained">How long it has been trained.</param>
    public SpecProblem? Refusal(long steps, int epochs, TimeSpan trained)
    {
        if (Steps <= steps)
        {
            return new("limits.steps", $"{Steps}", $"more than {steps}, the steps that the run has committed",
                $"raise it: --set limits.steps={2 * steps}");
        }

        if (Epochs <= epochs)
        {
            return new("limits.epochs", $"{Epochs}", $"more than {epochs}, the epochs that the run has finished",
                $"raise it: --set limits.epochs={2 * epochs}");
        }

        return Duration <= trained
            ? new("limits.duration", Durations.Write(Duration.Value), "more than the time for which the run has been trained",
                $"raise it: --set limits.duration={Durations.Write(2 * Duration.Value)}")
            : null;
    }
}
