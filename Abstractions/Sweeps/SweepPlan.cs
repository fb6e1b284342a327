using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Sweeps;

/// <summary>
/// What a sweep does next: a pure function of its spec and of the results so far. Nothing depends on which trial is faster.
/// </summary>
/// <remarks>
/// It is played through from the beginning on as many workers as the spec has <c>parallel</c>, each of which trains an epoch in one unit of
/// time. A decision sees the results that have come before it on that clock; two that come at the same moment come in the order of their
/// trials. So the decision that starts trial i of a sweep without rungs sees the results of trials up to i − parallel, and with rungs it is
/// ASHA (Li et al., 2020, algorithm 2) on that clock. Where a result is not known yet, the play ends: nobody decides before it is.
/// </remarks>
public sealed class SweepPlan
{
    private readonly SweepSpec _spec;
    private readonly SweepSearch _search;
    private readonly IReadOnlyList<int> _rungs;
    private readonly List<SweepTrial> _trials = [];
    private readonly List<SweepDecision> _decisions = [];
    private readonly List<SweepJob> _jobs = [];
    private readonly List<(int Trial, double Cost)>[] _arrived;
    private readonly HashSet<SweepJob> _promoted = [];
    private bool _isBlind;

    private SweepPlan(SweepSpec spec)
    {
        (_spec, _rungs, _search) = (spec, spec.Rungs, new(spec.Seed, spec.Parameters));
        _arrived = [.. _rungs.Select(_ => new List<(int, double)>())];
    }

    /// <summary>The trials that have been begun.</summary>
    public IReadOnlyList<SweepTrial> Trials => _trials;

    /// <summary>What has been decided, in order, as far as all results before it are known.</summary>
    public IReadOnlyList<SweepDecision> Decisions => _decisions;

    /// <summary>What may be trained, in order; what has a result included.</summary>
    public IReadOnlyList<SweepJob> Jobs => _jobs;

    /// <summary>Whether every result is known, and nothing is left to be done.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Plays a sweep through as far as results are known.</summary>
    /// <param name="spec">The sweep.</param>
    /// <param name="result">The result of a trial, whose values are given, at a rung; null where it is not known yet.</param>
    public static SweepPlan Of(SweepSpec spec, Func<SweepTrial, int, SweepResult?> result)
    {
        var plan = new SweepPlan(spec);
        plan.Play(result);
        return plan;
    }

    /// <summary>The best trial so far; null where none has a figure.</summary>
    public SweepTrial? Best => SweepObservation.BestFirst(Observations()).FirstOrDefault(one => double.IsFinite(one.Cost)) is { } best
        ? _trials[best.Trial] : null;

    private void Play(Func<SweepTrial, int, SweepResult?> result)
    {
        var clock = new PriorityQueue<SweepJob, (long Time, int Trial)>();
        long now = 0;
        for (int idle = _spec.Parallel; ; idle++)
        {
            while (idle > 0 && Next() is { } job)
            {
                _jobs.Add(job);
                clock.Enqueue(job, (now + _rungs[job.Rung] - (job.Rung == 0 ? 0 : _rungs[job.Rung - 1]), job.Trial));
                idle--;
            }

            if (!clock.TryDequeue(out var done, out var at))
                break;
            now = at.Time;
            if (result(_trials[done.Trial], done.Rung) is not { } known)
            {
                _isBlind = true;
                if (_spec.DependsOnResults)
                    return;
                continue;
            }

            Arrive(done, known);
        }

        IsComplete = !_isBlind;
    }

    private void Arrive(SweepJob job, SweepResult result)
    {
        var trial = _trials[job.Trial];
        double cost = result.Problem is null ? _spec.Objective.Cost(result.Value) : double.PositiveInfinity;
        _arrived[job.Rung].Add((job.Trial, cost));
        _trials[job.Trial] = trial with { Rung = job.Rung, Cost = cost, Results = [.. trial.Results, result] };
        Decide(new RungReached { Trial = job.Trial, Rung = job.Rung, Value = result.Value, Problem = result.Problem });
    }

    /// <summary>The best trial that may go on to the next rung, of the highest rung that has one; else a new one.</summary>
    private SweepJob? Next()
    {
        for (int rung = _rungs.Count - 2; rung >= 0; rung--)
        {
            int go = _arrived[rung].Count / _spec.Halving!.Factor;
            foreach (var (trial, cost) in _arrived[rung].OrderBy(one => one.Cost).ThenBy(one => one.Trial).Take(go))
            {
                var job = new SweepJob(trial, rung + 1);
                if (!double.IsFinite(cost) || !_promoted.Add(job))
                    continue;
                Decide(new TrialPromoted { Trial = trial, Rung = rung + 1 });
                return job;
            }
        }

        return _trials.Count < _spec.Trials ? Begin() : null;
    }

    private SweepJob Begin()
    {
        int trial = _trials.Count;
        var values = _spec.Strategy.Values(_search, trial, [.. SweepObservation.BestFirst(Observations())]);
        string[] texts = [.. _spec.Parameters.Zip(values, (parameter, value) => parameter.Text(value))];

        // The same values once more have the same result.
        int same = _trials.FindIndex(other => other.Texts.SequenceEqual(texts, StringComparer.Ordinal));
        _trials.Add(new(trial, values, texts, same < 0 ? trial : _trials[same].Same));
        Decide(new TrialBegun { Trial = trial, Values = texts });
        return new(trial, 0);
    }

    private void Decide(SweepDecision decision)
    {
        if (!_isBlind)
            _decisions.Add(decision with { Number = _decisions.Count + 1 });
    }

    private IEnumerable<SweepObservation> Observations() =>
        _trials.Where(trial => trial.Rung >= 0).Select(trial => new SweepObservation(trial.Number, trial.Values, trial.Rung, trial.Cost));
}

/// <summary>A trial of a sweep.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Values">Its values, as the strategy gave them.</param>
/// <param name="Texts">The same as YAML.</param>
/// <param name="Same">The first trial of these values: itself, or one before it.</param>
public sealed record SweepTrial(int Number, IReadOnlyList<double> Values, IReadOnlyList<string> Texts, int Same)
{
    /// <summary>The highest rung that it has come to, from 0; −1 before the first.</summary>
    public int Rung { get; init; } = -1;

    /// <summary>Its figure there, such that less is better; infinite where it has none.</summary>
    public double Cost { get; init; } = double.PositiveInfinity;

    /// <summary>What came of it at each rung.</summary>
    public IReadOnlyList<SweepResult> Results { get; init; } = [];
}
