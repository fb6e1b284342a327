using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The cluster's list of runs.</summary>
internal sealed class RunCatalog(IGrainFactory grains, RunFeeds feeds, TimeProvider time)
{
    private ICatalogGrain Catalog => grains.GetGrain<ICatalogGrain>(0);

    /// <summary><see cref="ICatalogGrain.Describe"/>.</summary>
    public Task<ClusterReport> DescribeAsync() => Catalog.Describe();

    /// <summary><see cref="ICatalogGrain.List"/>; for runs that are followed here, the newest known status.</summary>
    public async Task<IReadOnlyList<RunInfo>> ListAsync()
    {
        var now = time.GetUtcNow();
        // A directory whose name is not a run ID is not a run, whatever a status file in it says.
        return [.. (await Catalog.List()).Where(status => RunId.TryParse(status.Id, out _))
            .Select(status =>
                new RunInfo(feeds.DirectoryOf(status.Id), feeds.Peek(status.Id) is { } newer && newer.UpdatedAt > status.UpdatedAt ? newer
                    : status, now))];
    }
}
