using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>Where the grains of a run live at a moment, all of them on silos that are awake.</summary>
/// <param name="Coordinator">The silo of its coordinator.</param>
/// <param name="Trainers">The silo of each trainer, in order.</param>
internal sealed record Whereabouts(ChaosSilo Coordinator, IReadOnlyList<ChaosSilo> Trainers)
{
    /// <summary>A silo that has a trainer, and not the coordinator.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ChaosSilo OfATrainer => Trainers.First(silo => silo != Coordinator);

    /// <summary>Asks the cluster until every grain of the run is on a silo that is awake.</summary>
    public static Task<Whereabouts> FindAsync(ChaosCluster cluster, RunId run, TimeSpan? patience = null) => ChaosClient.Ask(
        $"the places of {run}'s grains",
        async () =>
        {
            var awake = cluster.Awake;
            var address = await cluster.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(cluster.Coordinator(run));
            var coordinator = awake.SingleOrDefault(silo => silo.Address.Equals(address?.Endpoint));
            if (coordinator is null)
                return null;
            var status = await cluster.Coordinator(run).GetStatus();
            var trainers = status.Trainers.Select(trainer => awake.SingleOrDefault(silo => Names(trainer, silo))).OfType<ChaosSilo>()
                .ToArray();
            return trainers.Length > 0 && trainers.Length == status.Trainers.Count ? new Whereabouts(coordinator, trainers) : null;
        },
        patience);

    /// <summary>Asks the cluster until the run's coordinator is on a silo that is awake, wherever its trainers are.</summary>
    public static Task<ChaosSilo> CoordinatorAsync(ChaosCluster cluster, RunId run) => ChaosClient.Ask(
        $"the place of {run}'s coordinator",
        async () =>
        {
            var address = await cluster.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(cluster.Coordinator(run));
            return cluster.Awake.SingleOrDefault(silo => silo.Address.Equals(address?.Endpoint));
        });

    /// <summary>A trainer's silo is given as name, address and process id.</summary>
    private static bool Names(TrainerStatus trainer, ChaosSilo silo) =>
        trainer.Silo.Contains($"process {silo.Pid})", StringComparison.Ordinal);
}
