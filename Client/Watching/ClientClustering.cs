using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Tbptt.Membership;
using Orleans.Tbptt.Transport;

namespace Orleans.Tbptt.Client.Watching;

/// <summary>How a client finds its cluster's gateways and secures its connections to them.</summary>
internal static class ClientClustering
{
    /// <summary>Lets a client find the silos of <paramref name="settings"/>.</summary>
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

    /// <summary>Shows gateways this client's certificate, and believes those of the same authority only.</summary>
    public static void UseTls(this IClientBuilder client, TlsIdentity identity, TimeProvider time)
    {
        client.Services.AddSingleton(services => new TlsTransport(identity, time, services.GetRequiredService<ILogger<TlsTransport>>()));
        client.Services.AddOptions<ClientConnectionOptions>().Configure<TlsTransport>((connections, transport) => connections.ConfigureConnection(transport.Open));
    }
}
