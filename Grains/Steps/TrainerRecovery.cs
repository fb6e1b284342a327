using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Telemetry;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Puts trainers in their places: at the start, when some are lost, and between two steps when others would be better.</summary>
internal sealed partial class TrainerRecovery(
    RunProgress progress, TrainerGroup trainers, ClusterView cluster, MembershipWatch membership, RunControl control, RunSpec spec,
    IReadOnlyList<DataFile> files, string deviceKind, RunTelemetry telemetry, TimeProvider time, ILogger logger)
{
    /// <summary>How often one step is tried when trainers' own work fails in it, and not their silos.</summary>
    private const int Attempts = 3;

    /// <summary>How often trainers are placed again for one step, whatever happened to them: what cannot pass must not be sent for ever.</summary>
    private const int Placements = 10;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);
    private readonly TrainerRoster _roster = trainers.Roster;
    private readonly HashSet<SiloAddress> _avoid = [];
    private long _changesSeen = -1;
    private bool _leaving;
    private bool _again;
    private long _looked;

    /// <summary>What has gone wrong with one step so far.</summary>
    internal sealed class Trouble
    {
        public int Faults { get; set; }

        public int Placements { get; set; }
    }

    /// <summary>The kind of device that the trainers compute on: <c>cpu</c> or <c>cuda</c>; empty before they are placed.</summary>
    public string DeviceKind { get; private set; } = deviceKind;

    /// <summary>
    /// Gives every trainer its lanes at the committed state, placing those that live nowhere on living silos. Where there are none, or none can be reached,
    /// the run waits for better times; only a trainer's own work that fails ends it.
    /// </summary>
    /// <exception cref="RunLeftException">Their own work fails, or somebody wants something else of the run.</exception>
    public async Task PlaceAll(TrainingState state)
    {
        var pause = ShortestPause;
        for (int faults = 0; ;)
        {
            var reply = await control.OrLeave(Assign(_roster.All, state));
            if (reply is { IsWhole: true })
            {
                DeviceKind = DeviceKinds.Same(_roster.Status);
                progress.Place(DeviceKinds.SameEngine(_roster.Status, spec.Engine).ToString());
                return;
            }

            EnsureInForce(reply);
            if (reply is { HasFault: true } && ++faults >= Attempts)
                throw new RunLeftException(RunState.Failed, reply.Reason);
            progress.Queue(0, reply?.Reason ?? "waits for a silo that offers slots to place trainers on");
            UprootLost(reply);
            await control.OrLeave(Task.Delay(pause, time));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (reply is not null)
                progress.TakeGeneration();
        }
    }

    /// <summary>Places the trainers again at the committed state; gives up where their own work, and not their silos, keeps failing.</summary>
    /// <param name="reply">Who is missing, and why.</param>
    /// <param name="trouble">What has gone wrong with this step before.</param>
    /// <param name="started">When the tickets went out that were not answered.</param>
    /// <param name="state">The committed state.</param>
    /// <param name="steps">The steps of the round that is run again; null where it is one step.</param>
    public async Task Recover<T>(GroupReply<T> reply, Trouble trouble, long started, TrainingState state, int? steps = null) where T : TrainerReply
    {
        EnsureInForce(reply);
        if ((reply.HasFault && ++trouble.Faults >= Attempts) || ++trouble.Placements > Placements)
            throw new RunLeftException(RunState.Failed, reply.Reason);
        using var span = telemetry.Spans.BeginRecovery(state.Step + 1, reply.Cause);
        LogRecovering(progress.Run, state.Step + 1, reply.Reason);

        // A new generation: what the last one left in flight must not be taken for an answer to this one.
        progress.TakeGeneration();
        UprootLost(reply);
        await PlaceAll(state);
        var took = time.GetElapsedTime(started);
        progress.Recover(state.Step + 1, steps, reply.Missing, reply.Reason, took);
        telemetry.OnRecovered(reply.Cause, took);
    }

    /// <summary>Takes note that a trainer's silo is about to end.</summary>
    public void NoteLeaving() => _leaving = true;

    /// <summary>
    /// Between two steps: moves trainers away from silos that are about to end, and to silos that have come. Looks only when there is a reason to.
    /// </summary>
    /// <returns>Whether any trainer moved.</returns>
    public async Task<bool> MoveIfBetter(TrainingState state)
    {
        bool changed = membership.Changes != _changesSeen;

        // Where nobody can move, looking again at every step would only hold the steps up; and who has just come may need a moment before it answers.
        if (!changed && !((_leaving || _again) && time.GetElapsedTime(_looked) >= LookPeriod))
            return false;
        (_again, _looked) = (changed, time.GetTimestamp());
        string reason = _leaving ? "their silo is about to end" : "the cluster has changed";
        (_leaving, _changesSeen) = (false, membership.Changes);
        long started = time.GetTimestamp();
        var moves = TrainerPlacement.Moves(DeviceKinds.Suitable(await cluster.Look(), spec.ComputesOn, DeviceKind), progress.Run, [.. _roster.Homes.OfType<SiloAddress>()]);
        if (moves.Count == 0)
            return false;

        // No new generation: the others stand where they stand, and nothing is in flight.
        int[] moving = [.. moves.Keys.Order()];
        foreach (int trainer in moving)
            _roster.Uproot(trainer, progress.Generation);
        var reply = await control.OrStop(AssignOn(moving, [.. moving.Select(trainer => moves[trainer])], state));
        if (!reply.IsWhole)
        {
            EnsureInForce(reply);
            LogRecovering(progress.Run, state.Step + 1, reply.Reason);
            progress.TakeGeneration();
            UprootLost(reply);
            await PlaceAll(state);
        }

        DeviceKinds.SameEngine(_roster.Status, spec.Engine);
        progress.Move(state.Step, moving, reason, time.GetElapsedTime(started));
        return true;
    }

    private async Task<GroupReply<TrainerReady>?> Assign(IReadOnlyList<int> which, TrainingState state)
    {
        int[] homeless = [.. which.Where(trainer => _roster.Homes[trainer] is null)];
        SiloAddress[]? chosen = [];
        if (homeless.Length > 0)
            chosen = TrainerPlacement.Choose(DeviceKinds.Suitable(await cluster.Look(), spec.ComputesOn, DeviceKind), progress.Run, _roster.Homes, _avoid);
        if (chosen is null)
            return null;
        var places = homeless.Zip(chosen).ToDictionary();
        return await AssignOn(which, [.. which.Select(trainer => _roster.Homes[trainer] ?? places[trainer])], state);
    }

    private async Task<GroupReply<TrainerReady>> AssignOn(IReadOnlyList<int> which, IReadOnlyList<SiloAddress> silos, TrainingState state)
    {
        int perLane = state.Layout.HiddenPerLane;
        var homes = which.Zip(silos).ToDictionary();
        var reply = await trainers.Assign(which, trainer =>
        {
            LaneBlock block = _roster.Blocks[trainer];
            var hidden = GradientBuffer.Wrap(state.Hidden.AsMemory(block.First * perLane, block.Count * perLane));
            var assignment = new ShardAssignment(progress.Run, progress.Generation, spec, block.First, block.Count, state.Step, hidden, files)
            {
                Optimizer = spec.Train.IsLocal ? LocalRounds.Optimizer(state.TrainerOptimizers[trainer]) : null,
            };
            return TrainerPlacement.CallOn(homes[trainer], () => _roster[trainer].Assign(assignment));
        });
        if (reply.IsWhole)
        {
            foreach (var (trainer, ready) in which.Zip(reply.Results))
                _roster.Settle(trainer, ready);
        }

        return reply;
    }

    private void UprootLost<T>(GroupReply<T>? reply) where T : TrainerReply
    {
        _avoid.Clear();
        foreach (int trainer in reply?.Lost(progress.Generation) ?? [])
        {
            if (_roster.Homes[trainer] is { } home)
                _avoid.Add(home);
            _roster.Uproot(trainer, progress.Generation);
        }

        progress.Touch();
    }

    private void EnsureInForce<T>(GroupReply<T>? reply) where T : TrainerReply
    {
        // The run store alone decides who has the run; a trainer that says otherwise is replaced.
        if (reply?.NewestGeneration > progress.Generation)
            progress.EnsureInForce();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: step {Step} is run again: {Reason}")]
    private partial void LogRecovering(RunId run, long step, string reason);
}
