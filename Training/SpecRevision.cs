using System.Globalization;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Training;

/// <summary>
/// A run's spec with what may change when the run is resumed: what ends it (the number of epochs, early stopping, limits), which state is
/// its model, between which numbers of trainers it scales itself, how many threads a trainer has, what is audited and speculated on, when
/// checkpoints are taken, what is measured, and when
/// a run that follows its file has completed. The steps that the run has committed do not depend on these: it continues
/// to the bits of a run that had them from the start.
/// </summary>
public static class SpecRevision
{
    private const string Epochs = "train.epochs";
    private const string Output = "train.output";
    private const string Changeable = "train.epochs, train.threads, train.output (last or best), extends.idleSeconds, speculate, or a key "
        + "of train.earlyStopping, train.autoscale, limits, audit, checkpoint or metrics";

    private static readonly string[] Sections = ["train.earlyStopping", "train.autoscale", "limits", "audit", "checkpoint", "metrics"];

    /// <summary>Changes a run's spec.</summary>
    /// <param name="spec">The text of the run's <c>spec.yaml</c>, with the changes as <see cref="SpecText.Sets"/>.</param>
    /// <param name="status">The run.</param>
    /// <param name="reader">Reads specs with the choices of a program's own; null, the default, for the built-in ones.</param>
    /// <returns>The changed spec, or every reason why the run cannot continue with it.</returns>
    public static SpecDocument Read(SpecText spec, RunStatus status, SpecReader? reader = null)
    {
        var before = Parse(spec with { Sets = [] });
        var after = Parse(spec);

        // A run that scales itself between other numbers begins with one of them, where none is asked for.
        if (after.Spec is null && after.Problems is [{ Key: "train.trainers" }] && spec.Sets.Any(ScalesItself))
            after = Parse(spec with { Sets = [.. spec.Sets, "train.trainers="] });
        if (before.Spec is not { } written)
            return before;
        if (after.Spec is not { } changed)
            return after;
        List<SpecProblem> problems =
        [
            .. Fixed(spec.Sets, written, changed), .. TooFew(changed, status), .. EndedBefore(changed, status),
            .. AtRest(written, changed, status),
        ];
        return problems.Count == 0 ? after
            : new(null, [.. problems.Select(after.Locate)], new Dictionary<string, string>(), spec);

        SpecDocument Parse(SpecText text) =>
            reader?.Parse(text, filesMustExist: false) ?? SpecLoader.Parse(text, filesMustExist: false);
    }

    /// <summary>The option of <c>tbptt resume</c> with which a completed run is trained further.</summary>
    public static string ToTrainFurther(RunStatus status) => status.Message.Length > 0 && status.EpochLosses.Count < status.Epochs
        ? "--set train.earlyStopping.patience=MORE"
        : $"--set {Epochs}={MoreThan(status.Epochs)}";

    /// <summary>A number of epochs with which a run that has done all of its own can be trained further, to be suggested.</summary>
    public static int MoreThan(int epochs) => epochs > int.MaxValue / 2 ? int.MaxValue : 2 * Math.Max(1, epochs);

    private static IEnumerable<SpecProblem> Fixed(IReadOnlyList<string> sets, RunSpec before, RunSpec after)
    {
        bool changesTrainers = before.Train.Trainers != after.Train.Trainers || before.Train.ShardCount != after.Train.ShardCount;
        if (SpecHash.Of(before) == SpecHash.Of(after) && !changesTrainers)
            return [];

        // Which committed state is the model is chosen at the end; an average has been evaluated all the time, or has not.
        bool choosesOutput = before.Train.Output != OutputKind.Ema && after.Train.Output != OutputKind.Ema;
        return sets.Select(set => set.Split('=')[0].Trim()).Where(key => !MayChange(key) && !(key == Output && choosesOutput))
            .Distinct().Select(key => key == "train.trainers"
            ? new SpecProblem(key, "another number", Changeable,
                "use --trainers: up to train.shards, the result is the same to the bit")
            : new SpecProblem(key, "a change", Changeable,
                "the steps that the run has committed depend on it: train a new run with the changed spec"));
    }

    private static bool ScalesItself(string set) => set.TrimStart().StartsWith("train.autoscale", StringComparison.Ordinal);

    private static bool MayChange(string key) =>
        key is Epochs or "train.threads" or "extends.idleSeconds" or "speculate" || Sections.Any(section => key == section
            || key.StartsWith($"{section}.", StringComparison.Ordinal));

    private static IEnumerable<SpecProblem> TooFew(RunSpec spec, RunStatus status)
    {
        int finished = status.EpochLosses.Count;

        // A run that could not write its end may do that with other keys, and the epochs it has.
        if (spec.Train.Epochs < finished || (spec.Train.Epochs == finished && status.State == RunState.Completed))
            yield return new(Epochs, $"{spec.Train.Epochs}", $"more than {finished}, the epochs that the run has finished",
                $"raise it: --set train.epochs={MoreThan(finished)}");
    }

    /// <summary>What would have ended the run before it came to where it is, or ends it there.</summary>
    private static IEnumerable<SpecProblem> EndedBefore(RunSpec spec, RunStatus status)
    {
        int finished = status.EpochLosses.Count;

        // A run that could not write its end may do that with other keys.
        if (spec.Train.EarlyStopping is { } stopping && stopping.EndsAfter(status.Losses) is { } end
            && (end < status.Losses.Count || status.State == RunState.Completed))
        {
            yield return new("train.earlyStopping", $"patience {stopping.Patience}, with which the run ends after epoch {end}",
                $"a later end than epoch {status.Losses.Count}, the last one that the run has finished",
                $"raise it: --set train.earlyStopping.patience={MoreThan(stopping.Patience)}");
        }

        if (status.State != RunState.Failed
            && spec.Limits?.Refusal(status.OwnSteps, finished, TimeSpan.FromSeconds(status.TrainedSeconds)) is { } limit)
            yield return limit;
    }

    /// <summary>A schedule counts steps, whatever the number of epochs, so it may have come to a rate of 0.</summary>
    private static IEnumerable<SpecProblem> AtRest(RunSpec before, RunSpec spec, RunStatus status)
    {
        // With other limits alone the run makes no more steps than its spec had from the start.
        if (spec.Train.Epochs == before.Train.Epochs && spec.Train.EarlyStopping == before.Train.EarlyStopping)
            yield break;
        long left = (spec.Train.Epochs - status.EpochLosses.Count) * Math.Max(1, status.StepsPerEpoch);
        if (RateAt(status.Step) == 0 && RateAt(status.Step + Math.Max(0, left - 1)) == 0)
        {
            yield return new(Epochs, $"{spec.Train.Epochs}", "epochs in which the learning rate is not 0",
                string.Create(CultureInfo.InvariantCulture,
                    $"train.schedule ({spec.Train.Schedule.Word}) is a function of the step, not of the number of epochs, and its rate is ")
                + $"0 from step {status.Step + 1} on: train a new run whose schedule lasts longer");
        }

        // The last update of an epoch may be over fewer steps.
        double RateAt(long step)
        {
            long perEpoch = Math.Max(1, status.StepsPerEpoch), m = spec.Train.Accumulate;
            return spec.Train.LearningRateAt((step / perEpoch * ((perEpoch + m - 1) / m)) + (step % perEpoch / m), status.Losses);
        }
    }
}
