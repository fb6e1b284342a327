using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>Makes a sweep's status of its plan.</summary>
internal static class SweepReport
{
    /// <summary>The status of a sweep that is to begin.</summary>
    public static SweepStatus First(SweepSpec spec, SweepStatus status) => status with
    {
        Name = spec.Name,
        Keys = [.. spec.Parameters.Select(parameter => parameter.Key)],
        Metric = spec.Objective.Metric ?? "loss",
        MoreIsBetter = spec.Objective.Direction == SweepDirection.Maximize,
        Rungs = spec.Rungs,
        Planned = spec.Trials,
        Strategy = spec.Strategy.Word,
    };

    /// <summary>The status of a sweep as it is now.</summary>
    /// <param name="status">The status before.</param>
    /// <param name="spec">The sweep.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="outcomes">What came of trials since this driver has driven it.</param>
    /// <param name="driver">Knows which trials are trained.</param>
    public static SweepStatus Of(
        SweepStatus status, SweepSpec spec, SweepPlan plan, IReadOnlyDictionary<SweepJob, TrialOutcome> outcomes, SweepDriver driver)
    {
        var before = status.Trials.ToDictionary(trial => trial.Trial);
        return First(spec, status) with
        {
            State = plan.IsComplete ? RunState.Completed : RunState.Running,
            EndedAt = plan.IsComplete ? status.UpdatedAt : null,
            Decisions = plan.Decisions.Count,
            Best = plan.Best?.Number,
            Trials = [.. plan.Trials.Select(trial => Of(trial, before.GetValueOrDefault(trial.Number)))],
        };

        TrialStatus Of(SweepTrial trial, TrialStatus? known)
        {
            var now = Enumerable.Range(0, spec.Rungs.Count).Select(rung => outcomes.GetValueOrDefault(new(trial.Same, rung)))
                .OfType<TrialOutcome>().LastOrDefault();
            bool isOwn = trial.Same == trial.Number;
            return new()
            {
                Trial = trial.Number,
                Values = trial.Texts,
                State = StateOf(trial, now, known),
                Run = now?.Run ?? known?.Run ?? "",
                Figures = [.. trial.Results.Select(result => result.Value)],
                Problem = (trial.Results is [.., var last] ? last.Problem : null) ?? "",
                Steps = now is null ? known?.Steps ?? 0 : isOwn ? now.Steps : 0,
                SharedSteps = now is null ? known?.SharedSteps ?? 0 : now.SharedSteps + (isOwn ? 0 : now.Steps),
                Epochs = now?.Epochs ?? known?.Epochs ?? 0,
            };
        }

        TrialState StateOf(SweepTrial trial, TrialOutcome? outcome, TrialStatus? known)
        {
            bool isRefused = outcome?.IsRefused ?? known?.State == TrialState.Refused;
            if (driver.IsTraining(trial))
                return TrialState.Running;
            if (trial.Results.Count == 0)
                return TrialState.Waiting;
            return trial.Results[^1].Problem is not null ? isRefused ? TrialState.Refused : TrialState.Diverged
                : trial.Rung == spec.Rungs.Count - 1 ? TrialState.Completed : TrialState.Ended;
        }
    }
}
