using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Replay;

/// <summary>
/// A run's spec with what may change where another run begins with one of its states: all that leaves the state its shape and its meaning,
/// and the chunks that are still to come their places. What may not change is refused with the reason.
/// </summary>
public static class ForkRevision
{
    private const string Changeable = "a key that leaves the state and the plan of chunks as they are: train.optimizer's numbers, "
        + "train.schedule, clipNorm, clipValue, loss's numbers, epochs, earlyStopping, output, ema's numbers, sync.outer, wire, trainers "
        + "or autoscale; model.dropout, seed, limits, checkpoint, metrics or name";

    private static readonly string[] Keys =
    [
        "name", "seed", "model.dropout", "limits", "checkpoint", "metrics", "train.trainers", "train.autoscale", "train.epochs",
        "train.loss", "train.clipNorm", "train.clipValue", "train.wire", "train.optimizer", "train.schedule", "train.sync.outer",
        "train.ema", "train.output", "train.earlyStopping",
    ];

    private static readonly (string Key, string Why)[] Fixed =
    [
        ("data", "the state was trained on these data, and the place in them is a part of it"),
        ("tbptt", "the place in the data is counted in chunks of this plan"),
        ("model", "the parameters and the hidden state have this shape"),
        ("engine", "another engine rounds differently, and more than the change would differ"),
        ("device", "another device may round differently, and more than the change would differ"),
        ("train.shards", "each shard has its lanes, and sums are over shards"),
        ("train.accumulate", "an update may be open, with gradients of some of its chunks"),
        ("train.sync", "shards have optimizers of their own in rounds of local steps, and only there"),
        ("extends", "the run has begun already"),
    ];

    /// <summary>Changes a run's spec.</summary>
    /// <param name="spec">The text of the parent's <c>spec.yaml</c>, with the changes as <see cref="SpecText.Sets"/>.</param>
    /// <param name="reader">Reads specs.</param>
    /// <returns>The changed spec, or every reason why no run can continue with it.</returns>
    public static SpecDocument Read(SpecText spec, SpecReader reader)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(reader);
        var before = reader.Parse(spec with { Sets = [] }, filesMustExist: false);
        var after = reader.Parse(spec, filesMustExist: false);
        if (before.Spec is not { } parent)
            return before;
        if (after.Spec is not { } changed)
            return after;

        // The number of trainers changes no bit, if the shards stay as they are.
        bool hasOtherTrainers = changed.Train.Trainers != parent.Train.Trainers;
        changed = changed with
        {
            Train = changed.Train with { Shards = hasOtherTrainers ? parent.Train.ShardCount : parent.Train.Shards },
        };
        SpecProblem[] problems = [.. Refused(spec.Sets)];
        if (problems.Length == 0)
            problems = [.. Unfit(parent, changed)];
        return problems.Length == 0 ? after.With(changed)
            : new(null, [.. problems.Select(after.Locate)], new Dictionary<string, string>(), spec);
    }

    /// <summary>What cannot change at the place in the data where the state is.</summary>
    /// <param name="parent">The parent's spec.</param>
    /// <param name="changed">The new run's.</param>
    /// <param name="next">The chunk that comes next.</param>
    public static IReadOnlyList<SpecProblem> ProblemsAt(RunSpec parent, RunSpec changed, StepPosition next)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(changed);
        List<SpecProblem> problems = [];
        bool isDrawn = parent.Data.Shuffle || parent.Tbptt.RandomLength is not null;
        if (parent.Seed != changed.Seed && isDrawn && next.Chunk > 0)
        {
            problems.Add(new(
                "seed", $"{changed.Seed} at step {next.Step}, within epoch {next.Epoch + 1}",
                $"{parent.Seed}, or a step with which an epoch ends, because the rest of the epoch is drawn from it",
                $"fork at step {next.Step - next.Chunk}, or leave it"));
        }

        if (next.Epoch >= changed.Train.Epochs)
        {
            problems.Add(new(
                "train.epochs", $"{changed.Train.Epochs} with a state at the end of epoch {next.Epoch}", $"more than {next.Epoch}",
                $"raise it: --set train.epochs={SpecRevision.MoreThan(next.Epoch)}"));
        }

        return problems;
    }

    private static IEnumerable<SpecProblem> Refused(IReadOnlyList<string> sets)
    {
        foreach (string key in sets.Select(set => set.Split('=')[0].Trim()).Distinct())
        {
            if (Keys.Any(one => Is(key, one)))
                continue;
            string why = Fixed.FirstOrDefault(one => Is(key, one.Key)).Why ?? "the state depends on it";
            yield return new(key, "a change", Changeable, $"{why}: train a new run with the changed spec");
        }
    }

    private static IEnumerable<SpecProblem> Unfit(RunSpec parent, RunSpec changed)
    {
        if (parent.Extends is { Follow: true })
        {
            yield return new(
                "extends.follow", "true", "a run that has all of its data",
                "what follows its file cannot be forked, because rows come while it is trained: fork the run that it extends");
        }

        if (parent.Seed != changed.Seed && parent.Data.Source is AverageSource or SineSource)
        {
            yield return new(
                "seed", $"{changed.Seed} with the synthetic source {parent.Data.Source.Word}", $"{parent.Seed}",
                "the data are drawn from it, and the state was trained on those: leave it");
        }

        if (parent.Train.Loss.Word != changed.Train.Loss.Word || parent.Train.Loss.OutputsPerTarget != changed.Train.Loss.OutputsPerTarget)
        {
            yield return OtherShape(
                "train.loss", parent.Train.Loss.Word, changed.Train.Loss.Word, "outputs mean what that loss makes them");
        }

        if (parent.Train.Optimizer.Word != changed.Train.Optimizer.Word)
        {
            yield return OtherShape(
                "train.optimizer", parent.Train.Optimizer.Word, changed.Train.Optimizer.Word,
                "its running averages are a part of the state");
        }

        var (names, others) = (NamesOf(parent.Train), NamesOf(changed.Train));
        if (parent.Train.Optimizer.Word == changed.Train.Optimizer.Word && !names.SequenceEqual(others))
        {
            string key = parent.Train.Ema is null != changed.Train.Ema is null ? "train.ema" : "train.optimizer";
            yield return OtherShape(key, Show(names), Show(others), "these buffers are a part of the state");
        }

        if (changed.Train.Trainers > parent.Train.ShardCount)
        {
            yield return new(
                "train.trainers", $"{changed.Train.Trainers}", $"1 to {parent.Train.ShardCount}, the parent's shards", "lower it");
        }
    }

    private static IReadOnlyList<string> NamesOf(TrainSpec train) => TrainingState.BufferNames(train);

    private static string Show(IReadOnlyList<string> names) => names.Count == 0 ? "no buffers" : string.Join(", ", names);

    private static SpecProblem OtherShape(string key, string before, string after, string why) =>
        new(key, after, before, $"{why}: train a new run with the changed spec");

    private static bool Is(string key, string section) =>
        key == section || key.StartsWith($"{section}.", StringComparison.Ordinal);
}
