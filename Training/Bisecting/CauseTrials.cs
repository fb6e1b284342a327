using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>
/// Finds what makes two runs unlike by trying: the second run's step, or its first state, with one section of the first one's spec, or
/// with its data, in the place of its own. What then gives the first run's bits is the cause.
/// </summary>
internal static class CauseTrials
{
    /// <summary>The name of the data among causes.</summary>
    public const string Data = "data";

    private static readonly (string Key, Func<RunSpec, RunSpec, RunSpec> Adopt)[] Sections =
    [
        ("seed", (to, from) => to with { Seed = from.Seed }),
        ("model.init", (to, from) => to with { Model = to.Model with { Init = from.Model.Init } }),
        ("model.initFrom", (to, from) => to with { Model = to.Model with { InitFrom = from.Model.InitFrom, Rename = from.Model.Rename } }),
        ("model.dropout", (to, from) => to with { Model = to.Model with { Dropout = from.Model.Dropout } }),
        ("model", (to, from) => to with { Model = from.Model }),
        ("data.shuffle", (to, from) => to with { Data = to.Data with { Shuffle = from.Data.Shuffle } }),
        ("tbptt", (to, from) => to with { Tbptt = from.Tbptt }),
        ("train.loss", (to, from) => to with { Train = to.Train with { Loss = from.Train.Loss } }),
        ("train.optimizer", (to, from) => to with { Train = to.Train with { Optimizer = from.Train.Optimizer } }),
        ("train.schedule", (to, from) => to with { Train = to.Train with { Schedule = from.Train.Schedule } }),
        ("train.clipNorm", (to, from) => to with { Train = to.Train with { ClipNorm = from.Train.ClipNorm } }),
        ("train.clipValue", (to, from) => to with { Train = to.Train with { ClipValue = from.Train.ClipValue } }),
        ("train.accumulate", (to, from) => to with { Train = to.Train with { Accumulate = from.Train.Accumulate } }),
        ("train.ema", (to, from) => to with { Train = to.Train with { Ema = from.Train.Ema } }),
        ("train.wire", (to, from) => to with { Train = to.Train with { Wire = from.Train.Wire } }),
        ("train.sync", (to, from) => to with { Train = to.Train with { Sync = from.Train.Sync } }),
        ("train.shards", (to, from) => to with { Train = to.Train with { Shards = from.Train.ShardCount } }),
    ];

    /// <summary>What makes the states unlike that the runs begin with.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="b">The second run.</param>
    /// <returns>
    /// The causes, and whether only all of them together are one; none where no trial gives the first run's bits. Whether the data were
    /// tried: they cannot be where an element of them has another shape.
    /// </returns>
    public static (IReadOnlyList<string> Causes, bool AreTogether, bool IsDataTried) OfTheFirstState(RunReplay a, RunReplay b) =>
        Try(a, b, new TrainingState(a.TrainedSpec).Hash(), (spec, _) => new TrainingState(spec).Hash());

    /// <summary>What makes the states unlike after a step before which they are equal.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="b">The second run.</param>
    /// <param name="before">The second run's state before the step.</param>
    /// <param name="at">The step's chunk.</param>
    /// <param name="after">What the step gives in the first run.</param>
    /// <inheritdoc cref="OfTheFirstState" path="/returns"/>
    public static (IReadOnlyList<string> Causes, bool AreTogether, bool IsDataTried) OfAStep(
        RunReplay a, RunReplay b, TrainingSnapshot before, StepPosition at, StepTrial after) =>
        Try<StepTrial?>(a, b, after, (spec, data) => StepTrial.Of(b, spec, data, before, at));

    private static (IReadOnlyList<string>, bool, bool) Try<T>(
        RunReplay a, RunReplay b, T expected, Func<RunSpec, IDataSource, T> compute)
    {
        var (from, own) = (a.TrainedSpec, b.TrainedSpec);
        bool Gives(RunSpec spec, IDataSource data)
        {
            try
            {
                return EqualityComparer<T>.Default.Equals(compute(spec, data), expected);
            }
            catch (Exception unfit) when (unfit is ArgumentException or InvalidOperationException)
            {
                // The state has no place for what this section would have in it.
                return false;
            }
        }

        var unlike = Sections.Where(section => !section.Adopt(own, from).Equals(own)).ToList();
        List<string> causes = [.. unlike.Where(section => Gives(section.Adopt(own, from), b.Data)).Select(section => section.Key)];
        bool hasOtherData = !a.Born.Files.Select(file => file.Sha256).SequenceEqual(b.Born.Files.Select(file => file.Sha256));
        bool isDataTried = (hasOtherData || !own.Data.Equals(from.Data)) && a.Data.Shape == b.Data.Shape;

        // The files alone, and with them how they are read.
        bool GivesWithData(RunSpec spec) =>
            isDataTried && (Gives(spec, a.Data) || (!spec.Data.Equals(from.Data) && Gives(spec with { Data = from.Data }, a.Data)));
        if (GivesWithData(own))
            causes.Add(Data);
        if (causes.Count > 0)
            return (Narrowest(causes), false, isDataTried);
        var all = unlike.Aggregate(own, (spec, section) => section.Adopt(spec, from));
        var keys = Narrowest([.. unlike.Select(section => section.Key)]);
        return Gives(all, b.Data) ? (keys, true, isDataTried)
            : GivesWithData(all) ? ([.. keys, Data], true, isDataTried)
            : ([], false, isDataTried);
    }

    /// <summary>Without the sections that contain another one of them.</summary>
    private static IReadOnlyList<string> Narrowest(IReadOnlyList<string> keys) =>
        [.. keys.Where(key => !keys.Any(other => other.StartsWith($"{key}.", StringComparison.Ordinal)))];
}

/// <summary>What a step gives: the hash of the state after it, and its figures as bits.</summary>
/// <param name="Hash">The hash of the state.</param>
/// <param name="Figures">Loss, gradient norm, learning rate and weight of its last step.</param>
internal sealed record StepTrial(Runs.StateHash Hash, (long Loss, long Norm, long Rate, long Weight) Figures)
{
    /// <summary>What a step gave that was computed.</summary>
    public static StepTrial Of(TrainingState state, StepOutcome.Committed last)
    {
        static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
        return new(state.Hash(), (Bits(last.Loss), Bits(last.GradientNorm), Bits(last.LearningRate), Bits(last.Weight)));
    }

    /// <summary>Computes a step with another spec or other data; null where it diverges.</summary>
    public static StepTrial? Of(RunReplay run, RunSpec spec, IDataSource data, TrainingSnapshot before, StepPosition at)
    {
        var state = TrainingState.Empty(spec);
        state.Restore(before);
        using var trainer = new SingleProcessTrainer(spec, data, () => run.OpenReplica(spec), state, at);
        return SingleProcessTrainer.StepsOf(trainer.Advance()) is [.., var last] ? Of(state, last) : null;
    }
}
