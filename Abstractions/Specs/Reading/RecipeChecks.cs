namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What the keys of a training recipe must be to one another.</summary>
internal static class RecipeChecks
{
    public static void Run(RunSpec spec, Findings findings)
    {
        Schedule(spec.Train, findings);
        EarlyStopping(spec, findings);
        Limits(spec.Limits, findings);
    }

    private static void Schedule(TrainSpec train, Findings findings)
    {
        if (findings.Sound("train.schedule", "train.sync.mode") && train is { IsLocal: true, Schedule.DependsOnLosses: true })
        {
            findings.Report("train.schedule", $"{train.Schedule.Word} with sync.mode local",
                "a schedule of steps alone, because trainers that make local steps do not know the losses of finished epochs",
                "choose another schedule, or write mode: every");
        }
    }

    private static void EarlyStopping(RunSpec spec, Findings findings)
    {
        if (findings.Sound("train.earlyStopping", "extends") && spec is { Train.EarlyStopping: not null, Extends.Follow: true })
        {
            findings.Report("train.earlyStopping", "it with extends.follow",
                "none, because a run that follows its file has one epoch, which ends with the file", "remove it");
        }
    }

    private static void Limits(LimitsSpec? limits, Findings findings)
    {
        if (findings.Sound("limits", "limits.duration", "limits.steps") && limits is { Duration: null, Steps: null })
            findings.Report("limits", "neither duration nor steps", "one of duration and steps, or both", "add one, or remove the section");
    }
}
