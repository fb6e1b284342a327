using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Training.Bisecting;

namespace Orleans.Tbptt.Client.Bisect;

/// <summary>Says in words which step is the first unlike one, and why.</summary>
/// <param name="a">The first run.</param>
/// <param name="b">The second run.</param>
/// <param name="found">What came of comparing them.</param>
internal sealed class BisectVerdictText(BisectedRun a, BisectedRun b, Bisected found)
{
    /// <summary>In one line: equal, or the first unlike step.</summary>
    public string Summary => found.Verdict switch
    {
        BisectVerdict.Equal => $"equal      up to step {Text.Count(found.Last)}{Longer}",
        BisectVerdict.NothingShared => $"not known  one run ends with step {Text.Count(found.Last)}, before the other one begins with the "
            + $"state after step {Text.Count(found.First)}: they have no state in common",
        BisectVerdict.FirstState => $"unlike     from the state after step {Text.Count(found.First)} on, the first one that both have",
        BisectVerdict.Step => $"unlike     from step {Text.Count(found.Step!.Value)} on; {EqualStates}",
        BisectVerdict.NotReproduced =>
            $"unlike     from step {Text.Count(found.Step!.Value)} on, which {Wrong} not what spec and data give",
        BisectVerdict.NotKept => $"not known  specs and data give equal states up to step {Text.Count(found.Last)}; the runs have not both "
            + "kept a hash or a checkpoint that says that theirs is this one",
        BisectVerdict.StateNotReproduced => (found.Step is { } step
            ? $"unlike     step {Text.Count(step)}, the first unlike one that was published; "
            : "not known  nothing unlike was published; ")
            + $"{EqualStates}, and not what spec and data give",
        _ when found.Published is { } published => $"unlike     step {Text.Count(published.Step)}, the first unlike one that was "
            + "published; " + (found.EqualTo is null ? "no state before it is known to be equal" : EqualStates),
        _ => $"not known  nothing unlike was published{(found.EqualTo is null ? "" : $", and {EqualStates}")}; the steps behind it cannot "
            + "be compared here",
    };

    /// <summary>The cause, a sentence in each line; empty where the runs are equal.</summary>
    public IReadOnlyList<string> Lines() => found.Verdict switch
    {
        BisectVerdict.NotReproduced => [.. Of("A", found.A), .. Of("B", found.B), .. Both()],
        BisectVerdict.StateNotReproduced => [.. OfTheStateBefore("A", found.A), .. OfTheStateBefore("B", found.B)],
        BisectVerdict.NotKept => [.. Reproduced()],
        BisectVerdict.Step => [.. Causes($"step {Text.Count(found.Step!.Value)}")],
        BisectVerdict.FirstState => [.. OfTheFirstState()],
        BisectVerdict.NotComputed when found.Published is not null => [.. FromFilesAlone()],
        _ => [],
    };

    /// <summary>A key with both values, and where they stand.</summary>
    public static string Show(UnlikeKey key)
    {
        string One(string? value, int? line, string run) => value is null ? $"absent in {run}" : $"{value} in {run} (spec.yaml:{line})";
        var (name, first, second) = key.Difference;
        return $"{name} is {One(first, key.LineA, "A")} and {One(second, key.LineB, "B")}";
    }

    private string EqualStates => $"the states after step {Text.Count(found.EqualTo!.Value)} are equal";

    private string Longer => (a.Status.Step - b.Status.Step) switch
    {
        > 0 => $", with which B ends; A has {Text.Count(a.Status.Step)}",
        < 0 => $", with which A ends; B has {Text.Count(b.Status.Step)}",
        _ => "",
    };

    private string Wrong => (found.A, found.B) switch
    {
        (not null, null) => "in A is",
        (null, not null) => "in B is",
        _ => "in neither run is",
    };

    private IEnumerable<string> OfTheFirstState()
    {
        if (found.Causes.Count > 0)
            return Causes("the first state");
        string begins = a.FirstStep == b.FirstStep ? "" : $"{(a.FirstStep > b.FirstStep ? "A" : "B")} begins there with a state of another "
            + "run, whose steps before it are that run's: bisect that one and the other run of the two";
        return begins.Length > 0 ? [begins]
            : a.Fork is null && b.Fork is null ? Causes("the first state")
            : ["both begin there with states of other runs: bisect those"];
    }

    private IEnumerable<string> Causes(string what)
    {
        if (found.IsDataTried is not { } isDataTried)
        {
            yield return $"not tried: {what} cannot be computed here with sections of the other run's spec; what is unlike stands above";
            yield break;
        }

        if (found.Causes.Count == 0)
        {
            yield return $"not found: no section of A's spec{(isDataTried ? ", nor its data," : "")} gives A's bits where it takes the "
                + $"place of B's in {what}; what is unlike stands above";
            yield break;
        }

        yield return found.AreTogether
            ? $"{string.Join(", ", found.Causes)} together: with those of A in their place, {what} of B has A's bits, and with none alone"
            : $"{string.Join(", or ", found.Causes)}: with that of A in its place, {what} of B has A's bits";
        foreach (var key in found.Keys.Where(key => found.Causes.Any(cause => IsOf(key.Difference.Key, cause)) && key.From is not null
            && key.Difference.Key != "data.source"))
            yield return Show(key);
        if (found.Lanes is [{ Data: { } values } lane, ..] && found.Causes.Contains("data"))
        {
            yield return $"the first unlike value is in lane {lane.Lane}, {values.What} of time step {Text.Count(values.Step + 1)} of "
                + $"sequence {lane.A.Chunk.Sequence + 1}";
            if (a.Spec.Data.Source is TableSource { Standardize: true })
                yield return "columns are standardised by the statistics of all rows, so that one row changes every value";
        }
    }

    private static bool IsOf(string key, string section) =>
        key == section || key.StartsWith($"{section}.", StringComparison.Ordinal);

    private static IEnumerable<string> Of(string name, NotReproduced? wrong)
    {
        if (wrong is not { Difference: var difference })
            yield break;
        string other = name == "A" ? "B" : "A";
        string steps = wrong.Earliest == difference.Step ? $"step {Text.Count(difference.Step)}"
            : $"one of steps {Text.Count(wrong.Earliest)} to {Text.Count(difference.Step)}";
        yield return $"{steps} of {name} was computed wrongly, or a file of the run was changed: computed again, {difference.What} "
            + $"after step {Text.Count(difference.Step)} is {difference.Computed}, and {name} has {difference.Published}";
        if (wrong.IsOnlyPublished is true)
            yield return $"later states of {name} are those of {other} again: only its journal can have changed";
        else if (wrong.IsOnlyPublished is false)
            yield return $"later states of {name} are unlike, too: it went on with what was wrong";
    }

    private static IEnumerable<string> OfTheStateBefore(string name, NotReproduced? wrong)
    {
        if (wrong is not { Difference: var difference })
            yield break;
        string steps = wrong.Earliest == difference.Step ? $"step {Text.Count(difference.Step)}"
            : $"one of steps {Text.Count(wrong.Earliest)} to {Text.Count(difference.Step)}";
        yield return $"the state after step {Text.Count(difference.Step)}, in which the runs are still equal, is not what is computed from "
            + $"{wrong.ComputedFrom} of {name}: {difference.What} is {difference.Computed}, and {name} has {difference.Published}; {steps} "
            + $"was computed wrongly, or a file was changed: 'tbptt verify' of {name} says from which step on";
    }

    private IEnumerable<string> Both()
    {
        if (found is { A: not null, B: not null })
            yield return "neither run has what its spec and data give: 'tbptt verify' of each says from which step on";
        foreach (string line in Reproduced())
            yield return line;
    }

    private IEnumerable<string> Reproduced()
    {
        if (found.ReproducedA is { } ofA)
            yield return Show("A", ofA);
        if (found.ReproducedB is { } ofB)
            yield return Show("B", ofB);
    }

    private static string Show(string name, Reproduced steps)
    {
        string states = steps.LastState is not { } last ? "; nothing was kept of their states"
            : last < steps.To ? $", the last state that was kept is that after step {Text.Count(last)}" : "";
        return $"computed again, {name} is what its spec and data give up to step {Text.Count(steps.To)} ({Text.Count(steps.Compared)} of "
            + $"{Text.Plural(steps.To - steps.From, "step")} from {Text.Count(steps.From + 1)} on published{states})";
    }

    private IEnumerable<string> FromFilesAlone()
    {
        if (a.Status.Arithmetic != b.Status.Arithmetic)
            yield return $"perhaps the arithmetic: {a.Status.Arithmetic} in A and {b.Status.Arithmetic} in B, whose bits are not the same";

        long step = found.Published!.Step;
        foreach (var key in found.Keys.Where(key => key.From <= step))
            yield return $"perhaps a key: {Show(key)}";
        if (!BisectedRun.HaveSameFiles(a, b))
            yield return "perhaps the data, which are unlike";
        foreach (string line in Reproduced())
            yield return line;
        yield return "not computed: give both runs, with their data, to a machine and a release that can compute them; 'problem' says why "
            + "this one cannot";
    }
}
