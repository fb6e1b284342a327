using Orleans.Runtime.Placement;
using Orleans.Tbptt.Grains.Silos;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>How a grain leaves a silo that is about to end.</summary>
internal static class Departure
{
    /// <summary>
    /// Has a grain live on another silo from now on, where there is one. To go without a new place would not do: the others remember this
    /// one, and a call that finds nobody here makes a new activation here.
    /// </summary>
    public static void From(Grain grain, ClusterView cluster)
    {
        var others = cluster.Active.Skip(1).ToList();
        if (others.Count == 0)
            return;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, others[0]);
        grain.MigrateOnIdle();
        RequestContext.Remove(IPlacementDirector.PlacementHintKey);
    }
}
