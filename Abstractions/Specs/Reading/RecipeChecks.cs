namespace Orleans.Tbptt.Specs.Reading;

/// <summary>What the keys of a training recipe must be to one another.</summary>
internal static class RecipeChecks
{
    public static void Run(RunSpec spec, Findings findings)
    {
        Schedule(spec.Train, findings);
        Accumulate(spec, findings);
        Averages(spec.Train, findings);
        Output(spec, findings);
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

    private static void Accumulate(RunSpec spec, Findings findings)
    {
        if (!findings.Sound("train.accumulate", "train.sync.mode", "extends") || spec.Train.Accumulate == 1)
            return;
        if (spec.Train.IsLocal)
        {
            findings.Report("train.accumulate", $"{spec.Train.Accumulate} with sync.mode local",
                "1, because a round's trainers make an update of their own at each chunk", "remove it, or write mode: every");
        }
        else if (spec.Extends is { Follow: true })
        {
            findings.Report("train.accumulate", $"{spec.Train.Accumulate} with extends.follow",
                "1, because which chunk is the epoch's last is not known before the file has ended", "write 1");
        }
    }

    private static void Averages(TrainSpec train, Findings findings)
    {
        if (!findings.Sound("train.optimizer", "train.optimizer.average", "train.ema", "train.sync.mode")
            || train.Optimizer.Averaging is null)
            return;
        if (train.Ema is not null)
        {
            findings.Report("train.ema", "it together with train.optimizer.average", "one of the two averages of the parameters",
                "remove one");
        }

        if (train.IsLocal)
        {
            findings.Report("train.optimizer.average", "it with sync.mode local",
                "none, because the iterates of trainers that make local steps are not the run's", "use train.ema, or write mode: every");
        }
    }

    private static void Output(RunSpec spec, Findings findings)
    {
        if (!findings.Sound("train.output", "train.ema", "data.validation", "data.validationFraction", "checkpoint.keepBest"))
            return;
        if (spec.Train is { Output: OutputKind.Ema, Ema: null })
            findings.Report("train.output", "ema without train.ema", "an average that is kept", "add train.ema: {decay: 0.999}");
        if (spec.Train.Output != OutputKind.Best)
            return;
        if (spec.Data is { Validation: null, ValidationFraction: 0 })
        {
            findings.Report("train.output", "best where nothing is held out for validation", "data.validation or data.validationFraction",
                "hold something out, or write last");
        }

        if (spec.Checkpoint.KeepBest == 0)
        {
            findings.Report("checkpoint.keepBest", "0 with train.output best",
                "1 or more, because the model is that of the best checkpoint", "raise it, or write train.output: last");
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
        if (findings.Sound("limits", "limits.duration", "limits.steps", "limits.epochs")
            && limits is { Duration: null, Steps: null, Epochs: null })
            findings.Report("limits", "no limit", "duration, steps or epochs", "add one, or remove the section");
    }
}
