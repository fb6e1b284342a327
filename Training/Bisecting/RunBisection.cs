using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>
/// Finds the first unlike step of two runs, and what makes it unlike. First by what both have published; where that leaves several steps,
/// by their checkpoints, halving the steps between; then both runs are computed side by side from the last state that is known to be equal.
/// </summary>
/// <remarks>
/// It takes at most log₂(n), rounded up, + 3 replays, computations from a checkpoint on, for n steps that both have: one for each halving,
/// because a step at which the runs are compared has a checkpoint of at least one of them, and two for the steps side by side. The trials
/// of the one unlike step are not counted. It goes by the first difference: where states were unlike between two steps at which they are
/// equal, and neither journal says so, that is not found.
/// </remarks>
/// <param name="a">The first run.</param>
/// <param name="b">The second run.</param>
/// <param name="progress">Receives what is computed next; null where nobody wants it.</param>
public sealed class RunBisection(BisectedRun a, BisectedRun b, Action<string>? progress = null)
{
    private readonly List<string> _problems = [];
    private readonly long _first = Math.Max(a.FirstStep, b.FirstStep);
    private readonly long _last = Math.Min(a.Status.Step, b.Status.Step);

    /// <summary>Compares the runs.</summary>
    /// <param name="cancellation">Looked at before each step.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Bisected Run(CancellationToken cancellation = default)
    {
        var found = new Bisected { Verdict = BisectVerdict.NothingShared, First = _first, Last = _last };
        try
        {
            if (_first <= _last)
                found = Compare(found, cancellation);
        }
        catch (Exception error) when (error is ReplayException or IOException or UnauthorizedAccessException)
        {
            _problems.Add(error.Message);
            found = found with { Verdict = BisectVerdict.NotComputed };
        }

        return found with
        {
            Keys = SpecEffects.Between(a, b, _last), Problems = _problems, Replays = a.Replays + b.Replays,
            Computed = a.Computed + b.Computed,
        };
    }

    private Bisected Compare(Bisected found, CancellationToken cancellation)
    {
        var journals = JournalComparison.Of(a, b, _first, _last);
        found = found with
        {
            Verdict = BisectVerdict.Equal, Compared = journals.Compared, Hashes = journals.Hashes, EqualTo = journals.EqualTo,
            Published = journals.Difference,
        };
        if (journals.Difference is null && journals.EqualTo == _last)
            return found;
        if (journals.EqualTo is null)
        {
            bool? isSame = AreEqualAt(_first, cancellation);
            if (isSame is false)
                return new SideBySide(a, b, _problems).OfTheFirstState(found, cancellation);
            found = found with { EqualTo = isSame is true ? _first : null };
        }

        long low = found.EqualTo ?? _first;
        long? high = journals.Difference?.Step;
        (low, high) = Halve(low, high, cancellation);
        found = found with { EqualTo = found.EqualTo is null && low == _first ? null : low };
        long end = high ?? _last;
        progress?.Invoke($"computes steps {low + 1} to {end} of {Names()}");
        return new SideBySide(a, b, _problems).OfSteps(found, low, end, mayBeEqual: high is null, cancellation);
    }

    /// <summary>
    /// Narrows the steps between which the runs part: the last step of which both have equal states, and the first one that is not the
    /// same, null where no such is known. First by the states that both have kept, which costs no step; then by those of one run, for which
    /// the other one is computed.
    /// </summary>
    /// <remarks>
    /// What is computed is what a run should have had. So it says where specs and data part, and not up to where a run was right: that is
    /// held to
    /// <see cref="BisectedRun.LastEqual"/>, which goes by what it published and kept.
    /// </remarks>
    private (long Low, long? High) Halve(long low, long? high, CancellationToken cancellation)
    {
        a.LastEqual = b.LastEqual = low;
        (low, high) = Halve(low, high, step => a.Known(step) is not null && b.Known(step) is not null, cancellation);
        return a.Replay is null || b.Replay is null ? (low, high)
            : Halve(low, high, step => a.Known(step) is not null || b.Known(step) is not null, cancellation);
    }

    private (long Low, long? High) Halve(long low, long? high, Predicate<long> isKnown, CancellationToken cancellation)
    {
        long end = high ?? (_last + 1);
        List<long> steps = [.. a.HeldSteps.Union(b.HeldSteps).Where(step => step > low && step < end).Order()];
        int from = 0, to = steps.Count;
        while (from < to)
        {
            int middle = (from + to) / 2;
            long step = steps[middle];
            if (!isKnown(step) || AreEqualWhereBothHaveIt(step, cancellation) is not { } areEqual)
            {
                steps.RemoveAt(middle);
                to--;
                continue;
            }

            if (areEqual)
            {
                (low, from) = (step, middle + 1);
                foreach (var run in new[] { a, b }.Where(run => run.Known(step) is not null))
                    run.LastEqual = step;
            }
            else
            {
                (high, to) = (step, middle);
            }
        }

        return (low, high);
    }

    /// <summary>The same where both runs have the state; null where one has none, such as within a round of local steps.</summary>
    private bool? AreEqualWhereBothHaveIt(long step, CancellationToken cancellation)
    {
        progress?.Invoke($"compares the states after step {step}");
        try
        {
            return AreEqualAt(step, cancellation);
        }
        catch (ReplayException)
        {
            return null;
        }
    }

    private bool? AreEqualAt(long step, CancellationToken cancellation) =>
        a.HashAt(step, cancellation) is { } one && b.HashAt(step, cancellation) is { } other ? one == other : null;

    private string Names() => (a.Replay, b.Replay) switch
    {
        (null, null) => "neither run",
        (_, null) => $"run {a.Run.Id}",
        (null, _) => $"run {b.Run.Id}",
        _ => $"runs {a.Run.Id} and {b.Run.Id}",
    };
}
