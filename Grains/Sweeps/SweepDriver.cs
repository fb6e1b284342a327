using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>
/// Drives a sweep to its end: plays its plan through, writes down what was decided, has the trials trained that may be, and plays it
/// through again with what came of them. Can be killed anywhere: the next one finds the same.
/// </summary>
internal sealed class SweepDriver
{
    private static readonly TimeSpan StatusPeriod = TimeSpan.FromSeconds(2);

    private readonly SweepServices _services;
    private readonly SweepDirectory _sweep;
    private readonly SweepSpec _spec;
    private readonly TrialRun _runs;
    private readonly Dictionary<SweepJob, SweepResult> _written;
    private readonly Dictionary<SweepJob, TrialOutcome> _outcomes = [];
    private readonly Dictionary<SweepJob, Task<TrialOutcome>> _training = [];
    private readonly Dictionary<int, string> _notes = [];
    private readonly IReadOnlyList<SweepDecision> _before;
    private readonly Action<SweepStatus> _publish;
    private readonly HeldRuns _held;
    private SweepStatus _status;

    /// <summary>Prepares to continue a sweep where it is.</summary>
    /// <param name="services">What a sweep works with.</param>
    /// <param name="sweep">The sweep's files.</param>
    /// <param name="status">The status to begin with.</param>
    /// <param name="held">Runs that are continued although somebody has paused or stopped them.</param>
    /// <param name="publish">Receives every new status.</param>
    /// <exception cref="SpecException">What was submitted is no sound sweep: somebody has changed it.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public SweepDriver(
        SweepServices services, SweepDirectory sweep, SweepStatus status, HeldRuns held, Action<SweepStatus> publish)
    {
        (_services, _sweep, _status, _held, _publish) = (services, sweep, status, held, publish);
        _spec = services.Store.Read(sweep);
        _runs = new(services, sweep, _spec, status.Priority, held);
        _before = sweep.ReadDecisions();
        _written = _before.OfType<RungReached>().ToDictionary(
            reached => new SweepJob(reached.Trial, reached.Rung), reached => new SweepResult(reached.Value, reached.Problem));
    }

    /// <summary>Drives the sweep until it has ended.</summary>
    /// <param name="cancellation">Leaves it where it is.</param>
    /// <exception cref="SweepFailedException">It cannot continue without somebody's help.</exception>
    public async Task Run(CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                var plan = SweepPlan.Of(_spec, Result);
                Check(plan);
                await Task.Run(() => Write(plan), CancellationToken.None);
                if (plan.IsComplete)
                    return;
                Begin(plan, ended.Token);
                await Task.WhenAny([.. _training.Values, Task.Delay(StatusPeriod, _services.Time, ended.Token)]);
                await Collect();
            }
        }
        finally
        {
            await ended.CancelAsync();
            await ((Task)Task.WhenAll(_training.Values)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _runs.Shared.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A trial of the values of one before it has the results of that one.</summary>
    private SweepResult? Result(SweepTrial trial, int rung) =>
        _outcomes.GetValueOrDefault(new(trial.Same, rung))?.Result ?? _written.GetValueOrDefault(new(trial.Number, rung));

    /// <summary>What was decided before must be what is decided now.</summary>
    private void Check(SweepPlan plan)
    {
        for (int i = 0; i < Math.Min(_before.Count, plan.Decisions.Count); i++)
        {
            var (found, expected) = (SweepJson.Write(_before[i]), SweepJson.Write(plan.Decisions[i]));
            if (found != expected)
            {
                throw new SweepFailedException(
                    $"{_sweep.Decisions}: found {found} in line {i + 1}, expected {expected}, which follows from the sweep and the results "
                    + "before; somebody has changed the file, or another release has written it: submit the sweep anew");
            }
        }
    }

    private void Write(SweepPlan plan)
    {
        if (plan.Decisions.Count > _status.Decisions)
            SweepStore.Write(_sweep, plan.Decisions);
        if (plan is { IsComplete: true, Best: { } best })
            SweepStore.WriteBest(_sweep, BestSpec(best));
        _status = SweepReport.Of(_status with { UpdatedAt = _services.Time.GetUtcNow() }, _spec, plan, _outcomes, this) with
        {
            Message = Notes(), Held = _held.All,
        };
        SweepStore.Write(_sweep, _status);
        _publish(_status);
    }

    private string Notes()
    {
        lock (_notes)
            return string.Join("; ", _notes.OrderBy(one => one.Key).Select(one => one.Value).Where(note => note.Length > 0));
    }

    /// <summary>Whether a trial is trained at this moment.</summary>
    public bool IsTraining(SweepTrial trial) => _training.Keys.Any(job => job.Trial == trial.Same);

    /// <summary>Of the trial's values, because another run may have answered it, and may be gone.</summary>
    private RunSpec BestSpec(SweepTrial best)
    {
        var document = SubmissionCheck.Read(_spec.Of(best.Texts), _services.Roots, _services.Store.Runs.Reader);
        try
        {
            using var lease = _services.Data.Acquire(
                _sweep.RunOf(best.Same), document.Spec ?? throw new SpecException(document.Problems));
            return lease.Spec with { Limits = null };
        }
        catch (SpecException changed)
        {
            throw new SweepFailedException($"the spec of the best trial, {best.Number}, is not sound any more: {changed.Message}");
        }
    }

    private void Begin(SweepPlan plan, CancellationToken cancellation)
    {
        foreach (var job in plan.Jobs)
        {
            if (_training.Count >= _spec.Parallel)
                return;
            var trial = plan.Trials[job.Trial];
            var own = new SweepJob(trial.Same, job.Rung);
            if (Result(trial, job.Rung) is null && !_training.ContainsKey(own))
                _training[own] = Train(plan.Trials[trial.Same], job.Rung, cancellation);
        }
    }

    private Task<TrialOutcome> Train(SweepTrial trial, int rung, CancellationToken cancellation) => Task.Run(
        () => _runs.Train(trial, rung, note =>
        {
            lock (_notes)
                _notes[trial.Number] = note;
        }, cancellation), cancellation);

    private async Task Collect()
    {
        foreach (var (job, training) in _training.Where(one => one.Value.IsCompleted).ToList())
        {
            _training.Remove(job);
            _outcomes[job] = await training;
            lock (_notes)
                _notes.Remove(job.Trial);
        }
    }
}
