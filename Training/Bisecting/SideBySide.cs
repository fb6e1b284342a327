using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Steps;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>
/// Computes two runs step by step from a state that they have in common, until a step is not the same in both, or not the one that a run
/// has published. Where only one can be computed here, that one is held to what it has published, and the other one to it if their specs
/// and data are those of one training.
/// </summary>
/// <param name="a">The first run.</param>
/// <param name="b">The second run.</param>
/// <param name="problems">Takes why something cannot be computed.</param>
internal sealed class SideBySide(BisectedRun a, BisectedRun b, List<string> problems)
{
    /// <summary>The first states that both runs have are unlike: which arrays, and why.</summary>
    public Bisected OfTheFirstState(Bisected found, CancellationToken cancellation)
    {
        found = found with { Verdict = BisectVerdict.FirstState, Step = found.First };
        if (a.Replay is not { } one || b.Replay is not { } other)
            return found;
        a.To(found.First, cancellation);
        b.To(found.First, cancellation);
        var state = StateComparison.Between(one.State, one.TrainedSpec, other.State, other.TrainedSpec);
        found = found with { State = state };
        return found.First == 0 ? WithCauses(found, CauseTrials.OfTheFirstState(one, other)) : found;
    }

    /// <summary>Computes the steps behind a state that both have in common.</summary>
    /// <param name="found">What is known so far.</param>
    /// <param name="low">The step of that state.</param>
    /// <param name="end">The last step to compute.</param>
    /// <param name="mayBeEqual">Whether nothing is known to be unlike up to it.</param>
    /// <param name="cancellation">Looked at before each step.</param>
    public Bisected OfSteps(Bisected found, long low, long end, bool mayBeEqual, CancellationToken cancellation)
    {
        BisectedRun[] computed = [.. new[] { a, b }.Where(run => run.Replay is not null)];
        problems.AddRange(new[] { a, b }.Select(run => run.Problem).OfType<string>());
        if (computed.Length == 0)
            return found with { Verdict = BisectVerdict.NotComputed };
        foreach (var run in computed)
            run.To(low, cancellation);
        bool isOneTraining = SpecEffects.AreOneTraining(a, b);
        using PublishedCheck checkA = CheckOf(a, low), checkB = CheckOf(b, low);
        bool ComputesFor(BisectedRun run) => run.Replay is not null || isOneTraining;
        var checks = new[] { checkA, checkB }.Where(check => ComputesFor(check.Run)).ToList();

        if (checks.Any(check => check.DiffersAtStart))
        {
            return found with
            {
                Verdict = BisectVerdict.StateNotReproduced, Step = found.Published?.Step, A = WrongOf(a, checks), B = WrongOf(b, checks),
            };
        }

        var before = computed.Select(_ => (TrainingSnapshot?)null).ToArray();
        while (checks.All(check => check.Difference is null) && computed[0].Replay!.Next.Step < end
            && computed.All(run => run.Replay!.Prepare()))
        {
            for (int i = 0; i < computed.Length; i++)
                before[i] = Copy(computed[i].Replay!, before[i]);
            var at = computed[0].Replay!.Next;
            var steps = computed.Select(run => run.ComputeNext(cancellation)).ToList();
            int shared = steps.Min(one => one.Count);
            for (int i = 0; i < shared; i++)
            {
                if (steps.Count == 2 && PublishedBits.Difference(steps[0][i], steps[1][i]) is { } outcome)
                    return Parted(found, (before[0]!, before[1]!), at, outcome, steps);
                foreach (var check in checks)
                    check.Compare(steps[check.Run == b ? ^1 : 0][i]);
            }

            // The shorter round ends there with a state, and the other run has none.
            if (steps[0].Count != steps[^1].Count && checks.All(check => check.Difference is null))
            {
                return Parted(found, (before[0]!, before[1]!), at, new(
                    at.Step + shared, "the length of the round (train.sync.chunks)", $"{steps[0].Count}", $"{steps[^1].Count}"), steps);
            }
        }

        var last = computed[0].Replay!;
        foreach (var check in checks)
            check.Compare(last.State.Step, (check.Run.Replay ?? last).State.Hash());
        return Concluded(found, checks, end, mayBeEqual, last.Next.Epoch + 1);
    }

    /// <summary>Every step that was computed is the same in both: then what the runs have published or kept decides.</summary>
    private Bisected Concluded(Bisected found, List<PublishedCheck> checks, long end, bool mayBeEqual, int epoch)
    {
        Reproduced? Found(BisectedRun run) => checks.FirstOrDefault(check => check.Run == run)?.Found;
        found = found with { ReproducedA = Found(a), ReproducedB = Found(b) };
        var wrong = checks.Where(check => check.Difference is not null).OrderBy(check => check.Difference!.Step).ToList();
        if (wrong.Count == 0)
        {
            if (!mayBeEqual || checks.Count < 2 || end < found.Last)
                return found with { Verdict = BisectVerdict.NotComputed };
            return checks.All(check => check.IsHeld(end)) ? found with { Verdict = BisectVerdict.Equal, EqualTo = end }
                : found with { Verdict = BisectVerdict.NotKept };
        }

        long step = wrong[0].Difference!.Step;
        return found with
        {
            Verdict = BisectVerdict.NotReproduced, Step = step, Epoch = epoch, A = WrongOf(a, wrong), B = WrongOf(b, wrong),
            EqualTo = Math.Min(wrong.Min(check => check.Known), step),
        };
    }

    /// <summary>How a run is not what was computed; null where it is.</summary>
    private NotReproduced? WrongOf(BisectedRun run, IReadOnlyList<PublishedCheck> checks)
    {
        if (checks.FirstOrDefault(check => check.Run == run && check.Difference is not null) is not { Difference: { } difference } check)
            return null;
        if (!check.DiffersAtStart)
        {
            return new(
                difference, Math.Min(check.Known + 1, difference.Step),
                checks.Count(one => one.Difference is not null) > 1 ? null : JournalComparison.AreEqualAfter(a, b, difference.Step));
        }

        var replay = run.Replay ?? a.Replay ?? b.Replay!;
        return new(difference, Math.Min((replay.From?.Step ?? replay.FirstStep) + 1, difference.Step), null)
        {
            ComputedFrom = replay.From is { } checkpoint ? $"checkpoint {checkpoint}" : "the first state",
        };
    }

    private static Bisected WithCauses(
        Bisected found, (IReadOnlyList<string> Causes, bool AreTogether, bool IsDataTried) tried) => found with
        {
            Causes = tried.Causes, AreTogether = tried.AreTogether, IsDataTried = tried.IsDataTried,
        };

    /// <summary>The states before a step are equal, and the step gives unlike ones.</summary>
    private Bisected Parted(
        Bisected found, (TrainingSnapshot A, TrainingSnapshot B) before, StepPosition at, Unequal outcome,
        List<IReadOnlyList<ReplayedStep>> steps)
    {
        var (one, other) = (a.Replay!, b.Replay!);
        var lanes = one.Spec.Train.IsLocal || other.Spec.Train.IsLocal ? []
            : StepComparison.Lanes(one, StateOf(one, before.A), other, StateOf(other, before.B), at);
        found = found with
        {
            Verdict = BisectVerdict.Step, Step = outcome.Step, Epoch = at.Epoch + 1, EqualTo = at.Step, Outcome = outcome, Lanes = lanes,

            // Rounds of unlike length end at unlike steps, whose states say nothing of each other.
            State = steps[0].Count != steps[1].Count ? []
                : StateComparison.Between(one.State, one.TrainedSpec, other.State, other.TrainedSpec),
        };
        return WithCauses(found, CauseTrials.OfAStep(one, other, before.B, at, StepTrial.Of(one.State, steps[0][^1].Outcome)));
    }

    private PublishedCheck CheckOf(BisectedRun run, long low) => new(run, low, (run.Replay ?? a.Replay ?? b.Replay!).State.Hash());

    private static TrainingState StateOf(RunReplay run, TrainingSnapshot snapshot)
    {
        var state = TrainingState.Empty(run.TrainedSpec);
        state.Restore(snapshot);
        return state;
    }

    private static TrainingSnapshot Copy(RunReplay run, TrainingSnapshot? former)
    {
        // More shards have more optimizers of their own.
        bool fits = former is not null && former.TrainerOptimizers.Count == run.State.TrainerOptimizers.Count;
        var snapshot = fits ? former! : new(run.TrainedSpec);
        run.State.CopyTo(snapshot);
        return snapshot;
    }
}
