using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
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
    private readonly HashSet<string> _drained = [.. DrainedOf(run)];
    private readonly LateSilos _late = new();
    private IReadOnlyList<LivingSilo> _looked = [];

    /// <summary>The kind of device that the trainers compute on: <c>cpu</c> or <c>cuda</c>; empty before they are placed.</summary>
    public string DeviceKind { get; private set; } = deviceKind;

    /// <summary>Gives every trainer its shards, placing those that live nowhere on living silos.</summary>
    /// <returns>Null when there is no silo to place them on.</returns>
    public async Task<GroupReply<TrainerReady>?> AssignAll(TrainingState state)
    {
        int[] homeless = [.. _roster.All.Where(trainer => _roster.Homes[trainer] is null)];
        SiloAddress[]? chosen = homeless.Length == 0 ? []
            : TrainerPlacement.Choose(await Look(), run.Run, _roster.Homes, _avoid, spec.Train.Threads);
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

    /// <summary>What the run waits for where there is no silo to place its trainers on.</summary>
    public string WhyNone =>
        $"waits for a silo that offers slots{(spec.Train.UsesTensorCores ? " on a GPU" : "")} to place trainers on";

    /// <summary>A trainer's silo; null where it has none.</summary>
    public SiloAddress? HomeOf(int trainer) => _roster.Homes[trainer];

    /// <summary>The trainers that had better move, each with its new silo.</summary>
    public async Task<IReadOnlyDictionary<int, SiloAddress>> FindMoves()
    {
        var silos = await Look(_late.Paused(run.Time));
        _late.Forgive(silos.Select(silo => silo.Address).ToHashSet(), run.Time);
        return TrainerPlacement.Moves(silos, run.Run, [.. _roster.Homes.OfType<SiloAddress>()], spec.Train.Threads);
    }

    /// <summary>A silo was late, and its trainers have gone to another one: no trainer moves there for a while.</summary>
    public void NoteLate(SiloAddress silo) => _late.Note(silo, run.Time);

    /// <summary>Whether it is time to look whether a silo that was late had better have trainers again.</summary>
    public bool MayReturn => _late.AnyIsDue(run.Time);

    /// <inheritdoc cref="TrainerPlacement.HostOfSpares"/>
    /// <remarks>One that was late itself, and whose pause is not over, only where there is no other.</remarks>
    public SiloAddress? HostOfSpares(IReadOnlyList<LivingSilo> silos, IReadOnlyCollection<SiloAddress> homes, int spares)
    {
        var paused = _late.Paused(run.Time);
        return Host([.. silos.Where(silo => !paused.Contains(silo.Address))]) ?? Host(silos);

        SiloAddress? Host(IReadOnlyList<LivingSilo> among) =>
            TrainerPlacement.HostOfSpares(among, run.Run, homes, spares, spec.Train.Threads);
    }

    /// <summary>Gives trainers their shards on the silos named.</summary>
    public async Task<GroupReply<TrainerReady>> Assign(IReadOnlyList<(int Trainer, SiloAddress Silo)> which, TrainingState state)
    {
        var homes = which.ToDictionary(one => one.Trainer, one => one.Silo);
        int[] asked = [.. which.Select(one => one.Trainer)];
        var reply = await trainers.Assign(asked, trainer => PlacementHint.CallOn(
            homes[trainer], () => _roster[trainer].Assign(Assignment(_roster.Shards[trainer], state))));
        if (reply.IsWhole)
        {
            foreach (var (trainer, ready) in asked.Zip(reply.Results))
                _roster.Settle(trainer, ready);
        }

        return reply;
    }

    /// <summary>Why so many trainers cannot work on the run, in words; empty where they can.</summary>
    public string FindProblem(int total) => string.Join("; ", PreparedRun.ProblemsOf(spec, data.Data, total));

    /// <inheritdoc cref="Roster.Version"/>
    public long Version => _roster.Version;

    /// <summary>
    /// Why each silo of the cluster refuses the device that the spec names; null where it names none, or a silo may have it: one that has
    /// not answered, too.
    /// </summary>
    public string? Refusal
    {
        get
        {
            string[] reasons = [.. _looked.SelectMany(silo => silo.Report.RefusedDevices.Where(one => one.Device == spec.Device.Text)
                .Select(one => $"{silo.Report.Name}: {one.Reason}"))];
            return spec.Device != DeviceName.Auto && reasons.Length > 0 && reasons.Length == cluster.Active.Count
                ? string.Join("; ", reasons) : null;
        }
    }

    /// <summary>How many trainers there are.</summary>
    public int Count => _roster.All.Count;

    /// <summary>
    /// Has the trainers that are to come open data and replica, while the others train. The state that they are given meanwhile is not the
    /// one that they will begin with.
    /// </summary>
    /// <param name="total">How many trainers there shall be.</param>
    /// <param name="state">The committed state.</param>
    /// <returns>The silos of those that are new, in order; and why they cannot be had, empty where they can.</returns>
    public async Task<(IReadOnlyList<SiloAddress> Homes, string Problem)> OpenNewcomers(int total, TrainingState state)
    {
        int[] newcomers = [.. Enumerable.Range(Count, Math.Max(0, total - Count))];
        if (newcomers.Length == 0)
            return ([], "");
        SiloAddress[] present = [.. _roster.Homes.OfType<SiloAddress>()];
        SiloAddress?[] homes = [.. present, .. newcomers.Select(_ => (SiloAddress?)null)];
        if (TrainerPlacement.Choose(await Look(), run.Run, homes, _avoid, spec.Train.Threads) is not { } chosen)
            return ([], "no silo offers slots to place trainers on");
        var shards = ShardRange.Split(_roster.Lanes.Count, total);
        var replies = await Task.WhenAll(newcomers.Zip(chosen, (trainer, silo) => Open(_roster.Newcomer(trainer), shards[trainer], silo)));
        var reply = new GroupReply<TrainerReady>(newcomers, replies);
        string problem = reply.IsWhole ? Unlike(replies.Cast<TrainerReady>()) : reply.Reason;
        if (problem.Length == 0)
            return (chosen, "");
        LetNewcomersGo(total);
        return ([], problem);

        async Task<TrainerReply> Open(ITrainerGrain trainer, ShardRange range, SiloAddress silo)
        {
            try
            {
                return await PlacementHint.CallOn(silo, () => trainer.Assign(Assignment(range, state)));
            }
#pragma warning disable CA1031 // However the call fails, the run continues with the trainers that it has.
            catch (Exception e)
#pragma warning restore CA1031
            {
                return TrainerLost.By(e, $"{silo}");
            }
        }
    }

    /// <summary>Why newcomers must not work with the trainers that there are: they would round otherwise. Empty where they may.</summary>
    private string Unlike(IEnumerable<TrainerReady> newcomers)
    {
        var own = _roster.Status[0];
        string kind = DeviceKinds.Bound(spec, DeviceKinds.Kind(own.Device));
        var other = newcomers.FirstOrDefault(
            one => one.Engine != own.Engine || DeviceKinds.Bound(spec, DeviceKinds.Kind(one.Device)) != kind);
        return other is null ? "" : $"found engine {other.Engine} on {other.Device} of {other.Silo}, expected "
            + $"{own.Engine} on {own.Device}, as the other trainers";
    }

    /// <summary>Trainers that were to come are not wanted any more.</summary>
    /// <param name="total">How many trainers there were to be.</param>
    public void LetNewcomersGo(int total)
    {
        for (int trainer = Count; trainer < total; trainer++)
            _roster.LetNewcomerGo(trainer, run.Generation);
    }

    /// <summary>The shards are divided among another number of trainers from now on; they are still to be given them.</summary>
    /// <param name="total">How many.</param>
    /// <param name="homes">What <see cref="OpenNewcomers"/> returned.</param>
    public void Divide(int total, IReadOnlyList<SiloAddress> homes)
    {
        _roster.Divide(total, homes, run.Generation);
        trainers.ForgetPace();
    }

    /// <summary>Notes the kind of device and the engine that all trainers compute with.</summary>
    /// <exception cref="RunLeftException">They compute with several.</exception>
    public void NoteDevices()
    {
        DeviceKind = DeviceKinds.Same(_roster.Status, spec);
        run.Place(DeviceKinds.SameEngine(_roster.Status, spec), [.. _roster.Status.Select(trainer => trainer.Arithmetic)]);
    }

    /// <summary>A silo is given no more work of this run. It is another silo once it has been started again.</summary>
    /// <param name="silo">The silo.</param>
    /// <returns>The trainers that live there.</returns>
    public IReadOnlyList<int> Drain(SiloAddress silo)
    {
        _drained.Add(silo.ToParsableString());
        return [.. _roster.All.Where(trainer => silo.Equals(_roster.Homes[trainer]))];
    }

    /// <summary>The silos that offer what the run needs, and are not drained; this one first.</summary>
    /// <param name="but">Silos that are not asked.</param>
    public async Task<IReadOnlyList<LivingSilo>> Look(IReadOnlySet<SiloAddress>? but = null)
    {
        _looked = await cluster.Look(but);
        return [.. DeviceKinds.Suitable(_looked, spec.ComputesOn, DeviceKinds.Bound(spec, DeviceKind))
            .Where(silo => !_drained.Contains(silo.Report.Address))];
    }

    /// <summary>What a trainer is given at the committed state.</summary>
    public ShardAssignment AssignmentOf(int trainer, TrainingState state) => Assignment(_roster.Shards[trainer], state);

    private static IEnumerable<string> DrainedOf(RunProgress run) =>
        run.Snapshot().Audit?.Findings.Select(finding => finding.Address).OfType<string>() ?? [];

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

    private ShardAssignment Assignment(ShardRange shards, TrainingState state)
    {
        int perLane = state.PerLane;
        var lanes = shards.Lanes(_roster.Lanes);
        var hidden = GradientBuffer.Wrap(state.Hidden.AsMemory(lanes.First * perLane, lanes.Count * perLane));
        return new(run.Run, run.Generation, spec, shards.First, shards.Count, state.Step, hidden, data.Files)
        {
            Optimizers = spec.Train.IsLocal
                ? [.. shards.Shards.Select(shard => LocalRounds.Optimizer(state.TrainerOptimizers[shard]))] : null,
        };
    }
}
