using Orleans.Runtime.Placement;

namespace Orleans.Tbptt.Grains.Silos;

/// <summary>Says where a grain is to be activated.</summary>
internal static class PlacementHint
{
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

    /// <summary>Makes a call whose grain, where it is not active anywhere, is activated on the silo named.</summary>
    public static Task CallOn(SiloAddress silo, Func<Task> call) => CallOn(silo, async () =>
    {
        await call();
        return true;
    });
}
