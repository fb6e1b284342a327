using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Gives trainers silos to live on, and their shards at the committed state.</summary>
/// <param name="trainers">The trainers.</param>
/// <param name="cluster">The silos.</param>
/// <param name="run">The run.</param>
/// <param name="spec">Its spec, every size known.</param>
/// <param name="data">Its data.</param>
/// <param name="deviceKind">The kind of device that it has begun on; empty before it has.</param>
internal sealed class TrainerAssigner(
    TrainerGroup trainers, ClusterView cluster, RunProgress run, RunSpec spec, RunDataLease data, string deviceKind)
{
    private readonly Roster _roster = trainers.Roster;
    private readonly HashSet<SiloAddress> _avoid = [];

    /// <summary>The kind of device that the trainers compute on: <c>cpu</c> or <c>cuda</c>; empty before they are placed.</summary>
    public string DeviceKind { get; private set; } = deviceKind;

    /// <summary>Gives every trainer its shards, placing those that live nowhere on living silos.</summary>
    /// <returns>Null when there is no silo to place them on.</returns>
    public async Task<GroupReply<TrainerReady>?> AssignAll(TrainingState state)
    {
        int[] homeless = [.. _roster.All.Where(trainer => _roster.Homes[trainer] is null)];
        SiloAddress[]? chosen = homeless.Length == 0 ? [] : TrainerPlacement.Choose(await Look(), run.Run, _roster.Homes, _avoid);
        if (chosen is null)
            return null;
        var places = homeless.Zip(chosen).ToDictionary();
        return await Assign([.. _roster.All.Select(trainer => (trainer, _roster.Homes[trainer] ?? places[trainer]))], state);
    }

    /// <summary>
    /// Lets the trainers go once a call that gives them their lanes has been answered, which nobody waits for any more: a trainer that was
    /// let go before the call reached it would keep its slot for minutes.
    /// </summary>
    /// <param name="assigning">The call.</param>
    public async Task LetGoAfter(Task assigning)
    {
        await assigning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await trainers.Release(run.Generation);
    }

    /// <summary>A trainer's silo; null where it has none.</summary>
    public SiloAddress? HomeOf(int trainer) => _roster.Homes[trainer];

    /// <summary>The trainers that had better move, each with its new silo.</summary>
    public async Task<IReadOnlyDictionary<int, SiloAddress>> FindMoves() =>
        TrainerPlacement.Moves(await Look(), run.Run, [.. _roster.Homes.OfType<SiloAddress>()]);

    /// <summary>Gives trainers their shards on the silos named.</summary>
    public async Task<GroupReply<TrainerReady>> Assign(IReadOnlyList<(int Trainer, SiloAddress Silo)> which, TrainingState state)
    {
        int perLane = state.PerLane;
        var homes = which.ToDictionary(one => one.Trainer, one => one.Silo);
        int[] asked = [.. which.Select(one => one.Trainer)];
        var reply = await trainers.Assign(asked, trainer =>
        {
            var (lanes, shards) = (_roster.LanesOf(trainer), _roster.Shards[trainer]);
            var hidden = GradientBuffer.Wrap(state.Hidden.AsMemory(lanes.First * perLane, lanes.Count * perLane));
            var assignment = new ShardAssignment(run.Run, run.Generation, spec, shards.First, shards.Count, state.Step, hidden, data.Files)
            {
                Optimizers = spec.Train.IsLocal
                    ? [.. shards.Shards.Select(shard => LocalRounds.Optimizer(state.TrainerOptimizers[shard]))] : null,
            };
            return PlacementHint.CallOn(homes[trainer], () => _roster[trainer].Assign(assignment));
        });
        if (reply.IsWhole)
        {
            foreach (var (trainer, ready) in asked.Zip(reply.Results))
                _roster.Settle(trainer, ready);
        }

        return reply;
    }

    /// <summary>Notes the kind of device and the engine that all trainers compute with.</summary>
    /// <exception cref="RunLeftException">They compute with several.</exception>
    public void NoteDevices()
    {
        DeviceKind = DeviceKinds.Same(_roster.Status);
        run.Place(DeviceKinds.SameEngine(_roster.Status, spec));
    }

    /// <summary>Checks that all trainers compute with the spec's engine.</summary>
    /// <exception cref="RunLeftException">One does not.</exception>
    public void EnsureSameEngine() => DeviceKinds.SameEngine(_roster.Status, spec);

    /// <summary>Those that are to move live nowhere from now on.</summary>
    public void Uproot(IReadOnlyList<int> which)
    {
        foreach (int trainer in which)
            _roster.Uproot(trainer, run.Generation);
    }

    /// <summary>Those that are lost live nowhere from now on; their silos are taken again only where there is no other.</summary>
    public void UprootLost<T>(GroupReply<T>? reply) where T : TrainerReply
    {
        var lost = reply?.Lost(run.Generation) ?? [];
        _avoid.Clear();
        _avoid.UnionWith(lost.Select(trainer => _roster.Homes[trainer]).OfType<SiloAddress>());
        Uproot(lost);
        run.Touch();
    }

    private async Task<IReadOnlyList<LivingSilo>> Look() => DeviceKinds.Suitable(await cluster.Look(), spec.ComputesOn, DeviceKind);
}
