using Orleans.Runtime.Placement;

namespace Orleans.Tbptt.Grains.Placement;

/// <summary>Spreads a run's trainers over the living silos, the coordinator's own first. Where they live changes no bit of the result.</summary>
internal sealed class TrainerPlacement(ISiloStatusOracle silos, ILocalSiloDetails self)
{
    /// <summary>The silo for each of so many trainers: round and round.</summary>
    public SiloAddress[] Choose(int trainers)
    {
        SiloAddress[] living =
        [
            self.SiloAddress,
            .. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Where(silo => !silo.Equals(self.SiloAddress)).Order(),
        ];
        return [.. Enumerable.Range(0, trainers).Select(trainer => living[trainer % living.Length])];
    }

    /// <summary>Makes a call whose grain, where it is not active anywhere, is activated on the silo named.</summary>
    public static Task<T> CallOn<T>(SiloAddress silo, Func<Task<T>> call)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        try
        {
            return call();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
