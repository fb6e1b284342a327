using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Security;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>How a client finds its cluster's gateways and secures its connections to them.</summary>
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
                    (store.Invariant, store.ConnectionString) = (PostgresDatabase.Invariant, PostgresDatabase.ConnectionString(settings.Connection)));
                break;
            default:
                SqliteMembership.Register();
                client.UseAdoNetClustering(store =>
                    (store.Invariant, store.ConnectionString) = (SqliteMembership.Invariant, SqliteMembership.ConnectionString(settings.Connection)));
                break;
        }
    }

    /// <summary>Presents this client's certificate to gateways, and trusts only certificates of the same authority.</summary>
    public static void UseTls(this IClientBuilder client, TlsIdentity identity, TimeProvider time)
    {
        client.Services.AddSingleton(services => new TlsTransport(identity, time, services.GetRequiredService<ILogger<TlsTransport>>()));
        client.Services.AddOptions<ClientConnectionOptions>().Configure<TlsTransport>((connections, transport) => connections.ConfigureConnection(transport.Open));
    }
}
