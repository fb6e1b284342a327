using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Cluster.Clients;

/// <summary>
/// A run of a cluster, seen from a client. Calls are repeated where a silo dies under them; each is safe to repeat. Thread-safe.
/// </summary>
public sealed class TrainingRun
{
    /// <summary>The most events of one answer.</summary>
    private const int Page = 1000;

    /// <summary>The least time between two questions that found nothing new.</summary>
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;

    internal TrainingRun(IClusterClient client, RunId id, string directory)
    {
        (_grains, Id, Directory) = (client, id, directory);
        _time = client.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System;
    }

    /// <summary>The run's ID.</summary>
    public RunId Id { get; }

    /// <summary>The run's directory as the silos see it; empty where the run was not submitted here.</summary>
    public string Directory { get; }

    private ICoordinatorGrain Coordinator => _grains.GetGrain<ICoordinatorGrain>(Id.Text);

    private PatientCalls Calls => new(Id, _time);

    /// <summary>Calls that may wait for the step in flight: a living coordinator reports the run's status meanwhile.</summary>
    private PatientCalls LongCalls => new(Id, _time, () => Coordinator.GetStatus());

    /// <summary>
    /// The run's events after a number, in the order of their numbers, each once, without a gap, to the end of the run; through dying silos
    /// and takeovers. Events that this version does not know are left out.
    /// </summary>
    /// <param name="after">The number of the last event already seen; 0, the default, for all.</param>
    /// <param name="cancellation">Ends the enumeration, not the run.</param>
    /// <exception cref="RunUnreachableException">No silo has answered for a minute. Continue with the number of the last event.</exception>
    /// <exception cref="RunNotFoundException">The cluster has no such run.</exception>
    public async IAsyncEnumerable<RunEvent> ReadEventsAsync(
        long after = 0, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        bool mayHaveEnded = false;
        while (true)
        {
            // Asked before the events, which then are all that an ended run has published.
            var status = mayHaveEnded ? await GetStatusAsync(cancellation) : null;
            if (status is { HasEnded: true } && status.LastEvent <= after)
                yield break;
            var page = await Calls.AskAsync(() => Coordinator.ReadEvents(after, Page), PatientCalls.Look, cancellation);
            foreach (string line in page.Lines)
            {
                if (RunJson.ReadEventOrNull(line) is not { } one || one.Number <= after)
                    continue;
                (after, mayHaveEnded) = (one.Number, one is RunEnded);
                yield return one;
                cancellation.ThrowIfCancellationRequested();
            }

            after = Math.Max(after, page.Last);
            if (page.Lines.Count > 0)
                continue;
            // The status may count events that could not be written: they never come.
            if (page.IsEnd || status is { HasEnded: true })
                yield break;
            // A coordinator without news has waited for a second; what comes after a takeover, or after an end, may answer at once.
            mayHaveEnded = true;
            await Task.Delay(Poll, _time, cancellation);
        }
    }

    /// <summary>
    /// Waits for the end of the run, and calls back for every committed step: in the order of the steps, one call at a time, and exactly
    /// once for each step in the run's journal, whichever silos die and however often another coordinator takes the run over.
    /// </summary>
    /// <remarks>
    /// Training does not wait for the callback. The guarantee holds for this call; another one continues with <paramref name="after"/>, the
    /// number of the last event that was handled. If that number is stored together with the callback's effect, in one transaction, each
    /// step has its effect exactly once over any number of processes; if it is stored after the effect, the last step may be handled twice.
    /// With <c>metrics.every: n</c> the journal holds every n-th step only, and only for these there is a call.
    /// </remarks>
    /// <param name="onStep">The callback; what it throws ends the wait and not the run.</param>
    /// <param name="after">The number of the last event already handled; 0, the default, for none.</param>
    /// <param name="cancellation">Ends the wait, not the run.</param>
    /// <returns>The end: completed, diverged, stopped or failed.</returns>
    /// <exception cref="RunUnreachableException">No silo has answered for a minute.</exception>
    /// <exception cref="RunNotFoundException">The cluster has no such run.</exception>
    public async Task<RunStatus> WaitAsync(
        Func<StepCommitted, CancellationToken, ValueTask>? onStep = null, long after = 0, CancellationToken cancellation = default)
    {
        await foreach (var one in ReadEventsAsync(after, cancellation))
        {
            if (onStep is not null && one is StepCommitted step)
                await onStep(step, cancellation);
        }

        return await GetStatusAsync(cancellation);
    }

    /// <summary>The state of the run at this moment.</summary>
    public Task<RunStatus> GetStatusAsync(CancellationToken cancellation = default) =>
        Calls.AskAsync(() => Coordinator.GetStatus(), PatientCalls.Look, cancellation);

    /// <summary>Ends the run after the step in flight, with a checkpoint. Returns when it has ended.</summary>
    /// <param name="reason">Who stops it, or why; part of the run's record.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task StopAsync(string reason, CancellationToken cancellation = default) => LongCalls.AskAsync(
        async () =>
        {
            await Coordinator.StopRun(reason);
            return true;
        },
        PatientCalls.Work, cancellation);

    /// <summary>Pauses the run after the step in flight, with a checkpoint; its slots become free. Returns when it is paused.</summary>
    /// <param name="reason">Who pauses it, or why; part of the run's record.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The run cannot be paused; says why.</exception>
    public async Task PauseAsync(string reason, CancellationToken cancellation = default) =>
        Check(await LongCalls.AskAsync(() => Coordinator.PauseRun(reason), PatientCalls.Work, cancellation));

    /// <summary>Continues a run that was paused, stopped or lost, or that failed, from its newest checkpoint.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The run cannot be resumed; says why.</exception>
    public async Task ResumeAsync(CancellationToken cancellation = default) =>
        Check(await LongCalls.AskAsync(
            () => Coordinator.ResumeRun(new(Protocol: ProtocolVersion.Current)), PatientCalls.Work, cancellation));

    /// <summary>
    /// Divides the run's shards among another number of trainers between two steps: the same bits. Returns when they have their shards.
    /// </summary>
    /// <param name="trainers">1 to the run's <c>train.shards</c>.</param>
    /// <param name="reason">Who wants it, or why; part of the run's record.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">The run cannot be resized; says why.</exception>
    public async Task ResizeAsync(int trainers, string reason, CancellationToken cancellation = default) =>
        Check(await LongCalls.AskAsync(
            () => Coordinator.ResizeRun(new(trainers, reason, ProtocolVersion.Current)), PatientCalls.Work, cancellation));

    /// <summary>
    /// Has the next step computed again, each trainer's part on another silo than the trainer's, and compared before it is committed. It
    /// changes no bit. Returns when a step has been audited.
    /// </summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What came of it: a finding, where bits are unlike.</returns>
    /// <exception cref="InvalidOperationException">No step can be audited, or not all of one; says why.</exception>
    public async Task<AuditedStep> AuditAsync(CancellationToken cancellation = default)
    {
        var reply = await LongCalls.AskAsync(
            () => Coordinator.AuditNext(new(ProtocolVersion.Current)), PatientCalls.Work, cancellation);
        Check(new(reply.Problem, reply.Status));
        return reply.Audited!;
    }

    private void Check(ControlReply reply)
    {
        if (reply.Problem.Length > 0)
            throw new InvalidOperationException($"run {Id}: {reply.Problem}");
    }
}
