using System.Collections.Concurrent;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Journals;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Training.Fused;

namespace Orleans.Tbptt.Grains.Sweeps;

/// <summary>
/// Has a trial trained to a rung: as a run of its own, which ends there and is resumed for the next, unless a run has been there.
/// </summary>
/// <param name="services">What a sweep works with.</param>
/// <param name="sweep">The sweep's files.</param>
/// <param name="spec">The sweep.</param>
/// <param name="priority">The priority of its runs.</param>
/// <param name="held">Runs that are continued although somebody has paused or stopped them.</param>
internal sealed class TrialRun(SweepServices services, SweepDirectory sweep, SweepSpec spec, int priority, HeldRuns held)
{
    private readonly TrialFigures _figures = new(spec.Objective);
    private readonly TrialPrefixes _prefixes = new(services, sweep, spec);
    private readonly ConcurrentDictionary<SharedPrefix, Lazy<Task<bool>>> _shared = new();
    private readonly TrainedRuns _trained = new(services.Store.Runs);

    /// <summary>Trains a trial to a rung, and returns what came of it.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="rung">The rung, from 0.</param>
    /// <param name="note">Receives what the trial waits for; empty where it is trained.</param>
    /// <param name="cancellation">Ends the wait; the run is left as it is.</param>
    /// <exception cref="SweepFailedException">The sweep cannot continue without somebody's help.</exception>
    public async Task<TrialOutcome> Train(SweepTrial trial, int rung, Action<string> note, CancellationToken cancellation)
    {
        var run = services.Store.Runs.Of(sweep.RunOf(trial.Number));
        int epochs = spec.Rungs[rung];
        bool wasSubmitted = WasSubmitted(run);
        if (!wasSubmitted && await Task.Run(() => Known(trial, epochs), cancellation) is { } known)
            return known;

        string limit = rung == spec.Rungs.Count - 1 ? "limits=" : $"limits.epochs={epochs}";
        var prefix = await Task.Run(() => _prefixes.Of(trial), cancellation);
        if (!wasSubmitted && !await Fork(run.Id, trial, prefix, limit, note, cancellation)
            && await Submit(run.Id, trial, limit) is { } refusal)
        {
            // What the cluster has at this moment must decide nothing.
            return refusal.Key is "" or "train.threads" ? throw new SweepFailedException($"trial {trial.Number}: {refusal}")
                : new(new(double.NaN, refusal.ToString()), "", IsRefused: true);
        }

        while (true)
        {
            var status = Own(run, $"trial {trial.Number}'s run");
            if (_figures.Read(run, status, epochs) is { } figure && status.HasEnded)
                return Outcome(figure, run, status, trial, prefix);
            note(await Continue(run, status, status.EpochLosses.Count >= epochs, limit));
            await Task.Delay(services.Period, services.Time, cancellation);
        }
    }

    /// <summary>Completes when no part that trials have in common is being begun or waited for any more.</summary>
    public Task Shared => Task.WhenAll(_shared.Values.Select(one => one.Value));

    /// <summary>The status of a run that was submitted.</summary>
    /// <exception cref="SweepFailedException">It is gone, or the id is that of another sweep's run.</exception>
    private RunStatus Own(RunDirectory run, string what)
    {
        var status = run.ReadStatus() ?? throw new SweepFailedException($"found no {run.Path}, expected {what}; put it back");
        return status.Sweep is { } other && other != sweep.Id.Text
            ? throw new SweepFailedException(
                $"{run.Path}: found a run of sweep {other}, expected {what}; submit the sweep under another id")
            : status;
    }

    /// <summary>
    /// Whether a run's submission came to its end: a silo that is killed meanwhile leaves a spec without a status, which nobody trains, and
    /// the submission is made again.
    /// </summary>
    private static bool WasSubmitted(RunDirectory run) => File.Exists(run.Status) || File.Exists(run.Metrics);

    /// <summary>Steps in common with other trials count for the first of them.</summary>
    private static TrialOutcome Outcome(
        TrialFigure figure, RunDirectory run, RunStatus status, SweepTrial trial, SharedPrefix? prefix)
    {
        long shared = 0;
        for (var part = status.Fork is null ? null : prefix; part is not null; part = part.Parent)
            shared += part.Trial == trial.Number ? 0 : part.OwnSteps;
        return new(figure.Result, run.Id.Text)
        {
            Steps = Math.Max(0, figure.Steps - shared), SharedSteps = Math.Min(figure.Steps, shared), Epochs = figure.Epochs,
        };
    }

    /// <summary>Begins a trial with the state in which it parts from others, which is computed once.</summary>
    /// <returns>False where it has nothing in common with others, or cannot begin so: it is to be trained from its start.</returns>
    private async Task<bool> Fork(
        RunId run, SweepTrial trial, SharedPrefix? prefix, string limit, Action<string> note, CancellationToken cancellation)
    {
        if (prefix is null
            || !await _shared.GetOrAdd(prefix, part => new(() => Share(part, note, cancellation))).Value.WaitAsync(cancellation))
            return false;
        var first = _prefixes.First(prefix);
        return await Fork(run, prefix, Changes(first, trial, limit));
    }

    private async Task<bool> Fork(RunId run, SharedPrefix prefix, IReadOnlyList<string> changes)
    {
        var request = new ForkRequest(run, _prefixes.RunOf(prefix), prefix.Steps, changes, priority, ProtocolVersion.Current)
        {
            Sweep = sweep.Id.Text,
        };
        return (await services.Grains.GetGrain<ICatalogGrain>(0).Fork(request)).Problems.Count == 0;
    }

    /// <summary>What a trial changes in the spec of another one whose limits end it where the two part.</summary>
    private string[] Changes(SweepTrial from, SweepTrial to, string limit) =>
    [
        .. spec.Parameters.Index().Where(one => from.Texts[one.Index] != to.Texts[one.Index])
            .Select(one => $"{one.Item.Key}={to.Texts[one.Index]}"),
        "limits=", .. limit == "limits=" ? (string[])[] : [limit],
    ];

    /// <summary>Has a part trained that trials have in common, as a run that ends there.</summary>
    /// <returns>Whether it is; not where it diverges or stops early before, as its trials do then.</returns>
    private async Task<bool> Share(SharedPrefix prefix, Action<string> note, CancellationToken cancellation)
    {
        var run = services.Store.Runs.Of(_prefixes.RunOf(prefix));
        string limit = $"limits.steps={prefix.OwnSteps}";
        if (!WasSubmitted(run))
        {
            var first = _prefixes.First(prefix);
            bool isForked = prefix.Parent is { } parent && await Share(parent, note, cancellation)
                && await Fork(run.Id, parent, Changes(_prefixes.First(parent), first, limit));
            if (!isForked && (prefix.Parent is not null || await Submit(run.Id, first, limit) is not null))
                return false;
        }

        while (true)
        {
            var status = Own(run, "a run of the sweep");
            if (status.HasEnded && status.Step >= prefix.Steps)
                return true;
            if (status.State is RunState.Diverged or RunState.Completed)
                return false;
            note(await Continue(run, status, isThere: false, limit));
            await Task.Delay(services.Period, services.Time, cancellation);
        }
    }

    /// <summary>A run of the same spec and data that has been at the rung; null for none, and where the spec is not sound.</summary>
    private TrialOutcome? Known(SweepTrial trial, int epochs)
    {
        var document = SubmissionCheck.Read(spec.Of(trial.Texts), services.Roots, services.Store.Runs.Reader);
        if (document.Spec is not { } asked)
            return null;
        string key;
        try
        {
            using var lease = services.Data.Acquire(sweep.RunOf(trial.Number), asked);
            key = TrialKey.Of(lease.Spec, lease.Files);
        }
        catch (SpecException)
        {
            // The submission says what is wrong.
            return null;
        }

        foreach (var (run, status) in _trained.Of(key))
        {
            // Of libtorch nobody knows whether this cluster's processors would give the same bits.
            if (status.Arithmetic == FusedReplica.ArithmeticVersion && _figures.Read(run, status, epochs) is { } figure
                && HasKeptItsShards(run))
                return new(figure.Result, run.Id.Text) { SharedSteps = figure.Steps, Epochs = figure.Epochs };
        }

        return null;
    }

    /// <summary>Whether a run was never resumed with more trainers than it had shards, which gives other bits from there on.</summary>
    private static bool HasKeptItsShards(RunDirectory run) =>
        new JournalReader(run.Metrics).ReadOthers(0).Lines.Select(RunJson.ReadEventOrNull).OfType<RunStarted>()
            .Select(started => started.Shards).Distinct().Count() == 1;

    /// <summary>Submits the trial's run.</summary>
    /// <returns>Why its spec is refused; null where it is not.</returns>
    private async Task<SpecProblem?> Submit(RunId run, SweepTrial trial, string limit)
    {
        var request = new SubmitRequest(run, spec.Of(trial.Texts, limit), priority, ProtocolVersion.Current) { Sweep = sweep.Id.Text };
        var reply = await services.Grains.GetGrain<ICatalogGrain>(0).Submit(request);
        return reply.Problems.Count > 0 ? reply.Problems[0] : null;
    }

    /// <summary>Sees to it that the run comes to the rung.</summary>
    /// <param name="run">The run.</param>
    /// <param name="status">Its last written status.</param>
    /// <param name="isThere">Whether it has finished the epochs of the rung.</param>
    /// <param name="limit">The option that ends it there.</param>
    /// <returns>What the trial waits for, in words; empty where it is trained.</returns>
    private async Task<string> Continue(RunDirectory run, RunStatus status, bool isThere, string limit)
    {
        // A sweep that is driven, and whose runs were stopped with it, has lost the silo that was stopping it before it was stopped.
        bool wasStoppedWithSweep = status.State == RunState.Stopped && status.Message == HeldRuns.StoppedWith(sweep.Id);

        // What has been published of a run that has ended may come to be seen a moment later.
        bool isAtLimit = HeldRuns.IsAtLimit(status), isHeld = wasStoppedWithSweep || held.Contains(run.Id);
        if (status.State is RunState.Completed or RunState.Diverged || (isAtLimit && isThere)
            || (!isHeld && status is { HasEnded: false, State: not RunState.Paused }))
            return "";
        if (!isHeld && !isAtLimit)
        {
            return status.State != RunState.Failed
                ? $"run {run.Id} is {StateNames.Of(status.State)}; continue it with: tbptt resume {run.Id}"
                : throw new SweepFailedException($"run {run.Id} has failed: {status.Message}; mend the cause, then resume the sweep");
        }

        var reply = await services.Grains.GetGrain<ICoordinatorGrain>(run.Id.Text)
            .ResumeRun(new(Protocol: ProtocolVersion.Current, Sets: [limit]));
        if (reply.Problem.Length > 0 && reply.Status.HasEnded)
            throw new SweepFailedException($"run {run.Id} cannot be resumed: {reply.Problem}");
        if (reply.Status.State == RunState.Paused)
            return $"run {run.Id} cannot be resumed yet: {reply.Problem}";
        held.Remove(run.Id);
        return "";
    }
}

/// <summary>What came of a trial at a rung.</summary>
/// <param name="Result">Its figure.</param>
/// <param name="Run">The run that has it; empty for a spec that is refused.</param>
/// <param name="IsRefused">Whether its values make no sound spec.</param>
internal sealed record TrialOutcome(SweepResult Result, string Run, bool IsRefused = false)
{
    /// <summary>Steps that were computed for it.</summary>
    public long Steps { get; init; }

    /// <summary>Steps that another run had computed.</summary>
    public long SharedSteps { get; init; }

    /// <summary>Epochs that it has been trained for.</summary>
    public int Epochs { get; init; }
}
