using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Listing;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The cluster's silos and runs.</summary>
internal sealed class RunCatalog(IGrainFactory grains, RunIndex index)
{
    /// <summary><see cref="ICatalogGrain.Describe"/>.</summary>
    public Task<ClusterReport> DescribeAsync() => grains.GetGrain<ICatalogGrain>(0).Describe();

    /// <summary>All runs, newest first.</summary>
    public Task<IReadOnlyList<RunEntry>> ListAsync() => index.ListAsync();
}
