using System.Data.Common;
using Orleans.Serialization;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Listing;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The cluster's silos and runs.</summary>
/// <param name="grains">Reaches the other silos.</param>
/// <param name="index">Lists the runs.</param>
/// <param name="time">The clock.</param>
internal sealed class RunCatalog(IGrainFactory grains, RunIndex index, TimeProvider time)
{
    /// <summary>How long a page waits for the counts of other silos' grains.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private ICatalogGrain Catalog => grains.GetGrain<ICatalogGrain>(0);

    /// <summary><see cref="ICatalogGrain.Describe"/>.</summary>
    public Task<ClusterReport> DescribeAsync() => Catalog.Describe();

    /// <summary><see cref="ICatalogGrain.Loads"/>.</summary>
    public Task<IReadOnlyList<SiloLoad>> LoadsAsync() => Catalog.Loads();

    /// <summary>All runs, newest first.</summary>
    public Task<IReadOnlyList<RunEntry>> ListAsync() => index.ListAsync();

    /// <summary>Activations by type of grain, the most numerous first; none while a silo or the membership store does not answer.</summary>
    /// <remarks>Failures of a database's driver have no codec: from another silo they arrive as failures of the serializer.</remarks>
    public async Task<IReadOnlyList<GrainCount>> CountGrainsAsync()
    {
        var asked = grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
        try
        {
            return [.. (await asked.WaitAsync(Patience, time)).GroupBy(one => Short(one.GrainType))
                .Select(type => new GrainCount(type.Key, type.GroupBy(one => one.SiloAddress.ToParsableString())
                    .ToDictionary(silo => silo.Key, silo => silo.Sum(one => one.ActivationCount))))
                .OrderByDescending(type => type.Silos.Values.Sum()).ThenBy(type => type.Type, StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException or DbException or SerializerException)
        {
            asked.Ignore();
            return [];
        }
    }

    /// <summary>A class's name without its namespace and assembly.</summary>
    private static string Short(string type) => type.Split(',')[0] is var name ? name[(name.LastIndexOf('.') + 1)..] : type;
}
