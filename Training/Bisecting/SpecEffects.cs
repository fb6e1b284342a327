using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Comparing;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>A key with different values in the specs of two runs, and where it can make a difference.</summary>
/// <param name="Difference">The key and both values.</param>
/// <param name="LineA">The line in the first run's <c>spec.yaml</c>; null where it lacks the key.</param>
/// <param name="LineB">The line in the second one's.</param>
/// <param name="From">
/// The first step whose state it can change; 0 for the state that a run begins with. Null where it changes no bit of any state.
/// </param>
public sealed record UnlikeKey(SpecDifference Difference, int? LineA, int? LineB, long? From);

/// <summary>From which step on a key of a spec can change the bits of a run.</summary>
internal static class SpecEffects
{
    /// <summary>Steps of a schedule that are looked at: beyond them a key counts from its first step on.</summary>
    private const long LongestSearch = 10_000_000;

    private static readonly string[] OfTheBeginning = ["seed", "model", "extends"];

    /// <summary>Every key in which the specs differ, in their order.</summary>
    /// <param name="a">The first run.</param>
    /// <param name="b">The second run.</param>
    /// <param name="last">The last step that is looked at.</param>
    public static IReadOnlyList<UnlikeKey> Between(BisectedRun a, BisectedRun b, long last)
    {
        var (linesA, linesB) = (SpecKeys.Lines(a.SpecText), SpecKeys.Lines(b.SpecText));
        return [.. SpecDifference.Between(a.SpecText, b.SpecText).Select(one => new UnlikeKey(
            one, linesA.TryGetValue(one.Key, out int lineA) ? lineA : null, linesB.TryGetValue(one.Key, out int lineB) ? lineB : null,
            FromOf(one, a, b, last)))];
    }

    /// <summary>
    /// Whether both are one training: of equal data and, but for keys that change no bit, of one spec, with as many shards, from states of
    /// their own. Then both have the same bits, or one of them is wrong.
    /// </summary>
    public static bool AreOneTraining(BisectedRun a, BisectedRun b) =>
        a.Fork is null && b.Fork is null && a.Spec.Extends is null && b.Spec.Extends is null && a.Files.Count == b.Files.Count
        && BisectedRun.HaveSameFiles(a, b) && a.Status.Arithmetic == b.Status.Arithmetic
        && Between(a, b, Math.Min(a.Status.Step, b.Status.Step)).All(key => key.From is null);

    /// <summary>
    /// Whether a key changes no bit, whatever its values: those that the spec's hash leaves out, but for the number of shards and the
    /// checkpoint that an extending run begins with; and a name and a device.
    /// </summary>
    /// <param name="key">The key's path.</param>
    internal static bool IsHarmless(string key) =>
        Is(key, "name") || Is(key, "device") || (SpecHash.IsLeftOut(key) && key is not ("train.shards" or "extends.checkpoint"));

    private static long? FromOf(SpecDifference one, BisectedRun a, BisectedRun b, long last)
    {
        long first = Math.Max(a.FirstStep, b.FirstStep);
        bool isHarmless = IsHarmless(one.Key)
            || (one.Key == "train.output" && one.A != "ema" && one.B != "ema")
            || (one.Key == "engine" && a.Status.Arithmetic == b.Status.Arithmetic)
            || (one.Key == "train.shards" && a.Spec.Train.ShardCount == b.Spec.Train.ShardCount)
            || (one.Key == "data.source" && BisectedRun.HaveSameFiles(a, b));
        if (isHarmless)
            return null;
        if (OfTheBeginning.Any(key => Is(one.Key, key)) && !Is(one.Key, "model.dropout"))
            return first;
        return Is(one.Key, "train.schedule") || one.Key == "train.optimizer.lr" ? FirstOtherRate(a.Spec.Train, b.Spec.Train, first, last)
            : first + 1;
    }

    /// <summary>The first step with another learning rate; the first step of all where a schedule goes by losses.</summary>
    private static long FirstOtherRate(TrainSpec a, TrainSpec b, long first, long last)
    {
        if (a.Schedule is ReduceOnPlateauSchedule || b.Schedule is ReduceOnPlateauSchedule || a.Accumulate > 1 || b.Accumulate > 1)
            return first + 1;
        for (long step = first; step < Math.Min(last, first + LongestSearch); step++)
        {
            if (!a.LearningRateAt(step, []).Equals(b.LearningRateAt(step, [])))
                return step + 1;
        }

        return Math.Min(last, first + LongestSearch) + 1;
    }

    private static bool Is(string key, string section) =>
        key == section || key.StartsWith($"{section}.", StringComparison.Ordinal);
}
