using System.Text;

namespace Orleans.Tbptt.Specs.Writing;

/// <summary>Writes specs as YAML that a reader reads back to an equal spec, wherever it is read.</summary>
public static class SpecWriter
{
    /// <summary>Keys that no committed state belongs to, by their names, whatever their section.</summary>
    internal static readonly string[] NotOfTheTraining =
    [
        "trainers", "shards", "autoscale", "threads", "epochs", "earlyStopping", "limits", "audit", "speculate", "checkpoint", "metrics",
        "idleSeconds",
    ];

    /// <summary>Writes every key that applies to the spec's choices, defaults too; paths are absolute.</summary>
    /// <exception cref="ArgumentException">A path of a npy source has a comma, for which the source key has no spelling.</exception>
    public static string ToYaml(RunSpec spec) => Write(spec);

    /// <summary>
    /// What a committed state belongs to: the spec less the numbers of trainers, shards and threads, how they scale, what ends the run (its
    /// number of epochs, early stopping, limits), what is audited and speculated on,
    /// when checkpoints are taken, which events are kept, and when a run that follows its file has
    /// completed.
    /// </summary>
    internal static string Training(RunSpec spec) => Write(WithoutChoice(spec), NotOfTheTraining);

    /// <summary>The same with the number of epochs.</summary>
    internal static string TrainingOfEpochs(RunSpec spec) =>
        Write(spec, "trainers", "shards", "autoscale", "threads", "earlyStopping", "limits", "audit", "speculate", "checkpoint",
            "metrics");

    /// <summary>Which state is the model is chosen at the end, unless the average is evaluated.</summary>
    private static RunSpec WithoutChoice(RunSpec spec) => spec.Train.Output != OutputKind.Best ? spec
        : spec with { Train = spec.Train with { Output = OutputKind.Last } };

    private static string Write(RunSpec spec, params string[] skipped)
    {
        var yaml = new StringBuilder();
        SpecSections.Writing.Walk(new WritingWalk(yaml, "", skipped), spec);
        return yaml.ToString();
    }
}
