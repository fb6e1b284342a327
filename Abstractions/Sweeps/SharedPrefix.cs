using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;

namespace Orleans.Tbptt.Sweeps;

/// <summary>Steps that several trials have in common, because their specs differ in learning rates alone, and in those later on.</summary>
/// <param name="Trial">The first of the trials, whose spec the steps are made with.</param>
/// <param name="Steps">How many steps, from the beginning.</param>
/// <param name="Parent">The steps that more trials have in common; null for none.</param>
public sealed record SharedPrefix(int Trial, long Steps, SharedPrefix? Parent)
{
    /// <summary>Of a run's steps, the part that is worth a run of its own.</summary>
    private const int LeastPart = 50;

    /// <summary>The steps that are not the parent's.</summary>
    public long OwnSteps => Steps - (Parent?.Steps ?? 0);

    /// <summary>What trials have in common with others: of each trial that has anything the longest part.</summary>
    /// <param name="trials">The trials with their specs, in order.</param>
    /// <param name="stepsOf">The steps of a run of a spec.</param>
    public static IReadOnlyDictionary<int, SharedPrefix> Of(
        IReadOnlyList<(int Trial, RunSpec Spec)> trials, Func<RunSpec, long> stepsOf)
    {
        var found = new Dictionary<int, SharedPrefix>();
        foreach (var group in trials.Where(one => MayShare(one.Spec)).GroupBy(one => (Rest(one.Spec), RateAt(one.Spec, 0))))
        {
            if (group.Skip(1).Any())
                new Tree(stepsOf(group.First().Spec), found).Part([.. group], 0, null);
        }

        return found;
    }

    /// <summary>Steps from one place on that two specs, alike but for their learning rates, make alike.</summary>
    internal static long Common(RunSpec one, RunSpec other, long from, long steps)
    {
        if (one.Train.Schedule == other.Train.Schedule && one.Train.Optimizer.Lr == other.Train.Optimizer.Lr)
            return steps;

        // A rate that depends on losses is not known before.
        if (one.Train.Schedule.DependsOnLosses || other.Train.Schedule.DependsOnLosses)
            return from;
        for (long step = from; step < steps; step++)
        {
            if (RateAt(one, step) != RateAt(other, step))
                return step;
        }

        return steps;
    }

    /// <summary>Whether a step is an update, so that it may be the last one of a part.</summary>
    private static bool MayShare(RunSpec spec) => spec.Train is { Accumulate: 1, IsLocal: false } && spec.Extends is null;

    /// <summary>A spec without its learning rates.</summary>
    private static RunSpec Rest(RunSpec spec) => spec with
    {
        Train = spec.Train with { Schedule = LearningRateSchedules.All[0], Optimizer = spec.Train.Optimizer with { Lr = 1 } },
    };

    private static double RateAt(RunSpec spec, long step) => spec.Train.LearningRateAt(step, []);

    private sealed class Tree(long steps, Dictionary<int, SharedPrefix> found)
    {
        public void Part(IReadOnlyList<(int Trial, RunSpec Spec)> trials, long from, SharedPrefix? parent)
        {
            long common = trials.Count < 2 ? steps : trials.Skip(1).Min(other => Common(trials[0].Spec, other.Spec, from, steps));
            if (trials.Count < 2 || common == steps)
            {
                foreach (var (trial, _) in trials)
                {
                    if (parent is not null)
                        found[trial] = parent;
                }

                return;
            }

            var part = common - (parent?.Steps ?? 0) >= Math.Max(1, steps / LeastPart) ? new SharedPrefix(trials[0].Trial, common, parent)
                : parent;
            foreach (var alike in trials.GroupBy(one => one.Spec.Train.Schedule.DependsOnLosses ? (one.Trial, 0)
                : (-1, RateAt(one.Spec, common))))
                Part([.. alike], common, part);
        }
    }
}
