using Microsoft.Extensions.Hosting;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>How a client finds its cluster's gateways.</summary>
internal static class ClientClustering
{
    /// <summary>Configures a client to find the silos of <paramref name="settings"/>.</summary>
    public static void UseClustering(this IClientBuilder client, ClusteringSettings settings)
    {
        switch (settings.Provider)
        {
            case ClusteringProvider.Redis:
                client.UseRedisClustering(store => store.ConfigurationOptions = RedisServers.Options(settings.Connection));
                break;
            case ClusteringProvider.PostgreSql:
                PostgresDatabase.Register();
                client.UseAdoNetClustering(store =>
                    (store.Invariant, store.ConnectionString) =
                        (PostgresDatabase.Invariant, PostgresDatabase.ConnectionString(settings.Connection)));
                break;
            default:
                SqliteMembership.Register();
                client.UseAdoNetClustering(store =>
                    (store.Invariant, store.ConnectionString) =
                        (SqliteMembership.Invariant, SqliteMembership.ConnectionString(settings.Connection)));
                break;
        }
    }
}
