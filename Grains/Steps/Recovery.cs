using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Puts trainers in their places: at the start, when some are lost, and between two steps when others would be better.</summary>
/// <param name="assigner">Places them.</param>
/// <param name="run">The run.</param>
/// <param name="control">What is wanted of it.</param>
/// <param name="membership">Counts the changes among the silos.</param>
/// <param name="telemetry">Is notified.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class Recovery(
    TrainerAssigner assigner, RunProgress run, RunControl control, MembershipWatch membership, RunTelemetry telemetry, TimeProvider time,
    ILogger logger)
{
    /// <summary>How often one step is tried when trainers' own work fails in it, and not their silos.</summary>
    private const int Attempts = 3;

    /// <summary>
    /// How often trainers are placed again for one step, whatever happened to them: what cannot pass must not be sent for ever.
    /// </summary>
    private const int Placements = 10;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);
    private long _changesSeen = -1;
    private bool _leaving;
    private bool _again;
    private long _looked;
    private Task<IReadOnlyDictionary<int, SiloAddress>>? _returning;
    private long _returningSince;

    /// <summary>What has gone wrong with one step so far.</summary>
    internal sealed class Trouble
    {
        public int Faults { get; set; }

        public int Placements { get; set; }
    }

    /// <summary>
    /// Gives every trainer its lanes at the committed state, placing those that live nowhere on living silos. Where there are none, or none
    /// can be reached, the run waits until there are; only a trainer's own work that fails ends it, or a device that the spec names and
    /// that every silo refuses.
    /// </summary>
    /// <exception cref="RunLeftException">Their own work fails, the device is refused, or something else is wanted of the run.</exception>
    public async Task PlaceAll(TrainingState state)
    {
        var pause = ShortestPause;
        for (int faults = 0; ;)
        {
            var assigning = assigner.AssignAll(state);
            var reply = await OrLetGo(assigning, control.OrLeave(assigning));
            if (reply is { IsWhole: true })
            {
                assigner.NoteDevices();
                return;
            }

            EnsureInForce(reply);
            if (reply is { HasFault: true } && ++faults >= Attempts)
                throw new RunLeftException(RunState.Failed, reply.Reason);

            // The device that the spec names would be refused in the same way for as long as these silos live.
            if (reply is null && assigner.Refusal is { } refused)
                throw new RunLeftException(RunState.Failed, refused);
            run.Queue(0, reply?.Reason ?? assigner.WhyNone);
            assigner.UprootLost(reply);
            await control.OrLeave(Task.Delay(pause, time));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (reply is not null)
                run.TakeGeneration();
        }
    }

    /// <summary>
    /// Places the trainers again at the committed state; gives up where their own work, and not their silos, keeps failing.
    /// </summary>
    /// <param name="reply">Which are missing, and why.</param>
    /// <param name="trouble">What has gone wrong with this step before.</param>
    /// <param name="started">When the tickets went out that were not answered.</param>
    /// <param name="state">The committed state.</param>
    /// <param name="steps">The steps of the round that is run again; null where it is one step.</param>
    public async Task Recover<T>(GroupReply<T> reply, Trouble trouble, long started, TrainingState state, int? steps = null)
        where T : TrainerReply
    {
        EnsureInForce(reply);
        if ((reply.HasFault && ++trouble.Faults >= Attempts) || ++trouble.Placements > Placements)
            throw new RunLeftException(RunState.Failed, reply.Reason);
        using var span = telemetry.Spans.BeginRecovery(state.Step + 1, reply.Cause);
        await PlaceAgain(reply, state);
        var took = time.GetElapsedTime(started);
        run.Recover(state.Step + 1, steps, reply.Missing, reply.Reason, took);
        telemetry.OnRecovered(reply.Cause, took);
    }

    /// <summary>Takes note that a trainer's silo is about to end.</summary>
    public void NoteLeaving() => _leaving = true;

    /// <summary>
    /// Between two steps: moves trainers away from silos that are about to end, and to silos that have come. Looks only when there is a
    /// reason to.
    /// </summary>
    /// <returns>Whether any trainer was placed again.</returns>
    public async Task<bool> MoveIfBetter(TrainingState state)
    {
        bool changed = membership.Changes != _changesSeen;

        // Where no trainer can move, looking again at every step would only delay the steps; and a silo that has just joined may need a
        // moment before it answers.
        if (!changed && !((_leaving || _again) && time.GetElapsedTime(_looked) >= LookPeriod))
            return await ReturnIfBetter(state);
        (_again, _looked) = (changed, time.GetTimestamp());
        string reason = _leaving ? "their silo is about to end" : "the cluster has changed";
        (_leaving, _changesSeen, _returning) = (false, membership.Changes, null);
        return await Move(await assigner.FindMoves(), reason, state);
    }

    /// <summary>
    /// Trainers that left a silo because it was late may go back when it answers again. Training continues while it is asked, because it
    /// may be silent.
    /// </summary>
    private async Task<bool> ReturnIfBetter(TrainingState state)
    {
        if (_returning is null && assigner.MayReturn)
            (_returningSince, _returning) = (assigner.Version, assigner.FindMoves());
        if (_returning is not { IsCompleted: true } found)
            return false;
        _returning = null;

        // Trainers that have moved since, or are no longer so many, are not those that were looked at.
        return _returningSince == assigner.Version && await Move(await found, "a silo that was late answers again", state);
    }

    private async Task<bool> Move(IReadOnlyDictionary<int, SiloAddress> moves, string reason, TrainingState state)
    {
        if (moves.Count == 0)
            return false;
        long started = time.GetTimestamp();

        // No new generation: the others stay as they are, and nothing is in flight.
        int[] moving = [.. moves.Keys.Order()];
        var former = moving.ToDictionary(trainer => trainer, assigner.HomeOf);
        assigner.Uproot(moving);
        var assigning = assigner.Assign([.. moving.Select(trainer => (trainer, moves[trainer]))], state);
        var reply = await OrLetGo(assigning, control.OrStop(assigning));
        if (!reply.IsWhole)
        {
            EnsureInForce(reply);
            await PlaceAgain(reply, state);
        }

        assigner.NoteDevices();

        // Where the new silo failed, trainers may be back on the one that they came from.
        int[] moved = [.. moving.Where(trainer => !Equals(assigner.HomeOf(trainer), former[trainer]))];
        if (moved.Length > 0)
            run.Move(state.Step, moved, reason, time.GetElapsedTime(started));
        return true;
    }

    /// <summary>
    /// Between two steps: gives every trainer its shards, which are divided otherwise than before. No new generation where all take them:
    /// nothing is in flight.
    /// </summary>
    public async Task GiveShards(TrainingState state)
    {
        var assigning = assigner.AssignAll(state);
        var reply = await OrLetGo(assigning, control.OrStop(assigning));
        if (reply is null)
            await PlaceAll(state);
        else if (!reply.IsWhole)
        {
            EnsureInForce(reply);
            await PlaceAgain(reply, state);
        }

        assigner.NoteDevices();
    }

    /// <summary>
    /// An audit has found unlike bits, and the step is to be run again. The silo that stands alone is given no more work of the run; where
    /// nobody can say which one it is, the run is paused, because either of two states could be the wrong one.
    /// </summary>
    /// <param name="finding">What was found.</param>
    /// <param name="trouble">What has gone wrong with this step before.</param>
    /// <param name="state">The committed state.</param>
    /// <exception cref="RunLeftException">Nobody can say which silo is wrong, or it has been said too often for one step.</exception>
    public async Task Settle(AuditFinding finding, Trouble trouble, TrainingState state)
    {
        run.Find(finding);
        if (finding.Address is not { } address)
            throw new RunLeftException(RunState.Paused, finding.Words);
        int[] leaving = [.. assigner.Drain(SiloAddress.FromParsableString(address))];
        if (++trouble.Placements > Placements)
        {
            throw new RunLeftException(
                RunState.Paused, $"the step was run again {Placements} times, and its bits are still unlike: {finding.Words}");
        }

        // A silo that has nothing but spares: the auditor places them elsewhere.
        if (leaving.Length == 0)
            return;
        run.TakeGeneration();
        assigner.Uproot(leaving);
        await PlaceAll(state);
    }

    /// <summary>Waits; where the run is left meanwhile for good, its trainers are let go once more when they have been placed.</summary>
    private async Task<T> OrLetGo<T>(Task<T> assigning, Task<T> waiting)
    {
        try
        {
            return await waiting;
        }
        catch (RunLeftException left) when (!assigning.IsCompleted && left.Leave.State != RunState.Queued)
        {
            assigner.LetGoAfter(assigning).Ignore();
            throw;
        }
    }

    private async Task PlaceAgain<T>(GroupReply<T> reply, TrainingState state) where T : TrainerReply
    {
        LogRecovering(run.Run, state.Step + 1, reply.Reason);

        // A new generation: what the last one left in flight must not be taken for an answer to this one.
        run.TakeGeneration();
        assigner.UprootLost(reply);
        await PlaceAll(state);
    }

    private void EnsureInForce<T>(GroupReply<T>? reply) where T : TrainerReply
    {
        // The run store alone decides which coordinator has the run; a trainer that says otherwise is replaced.
        if (reply?.NewestGeneration > run.Generation)
            run.EnsureInForce();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: step {Step} is run again: {Reason}")]
    private partial void LogRecovering(RunId run, long step, string reason);
}
