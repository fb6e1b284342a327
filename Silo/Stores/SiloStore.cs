using Orleans.GrainDirectory;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>The store of a cluster's membership and grain directory; opened and checked before the silo starts.</summary>
internal abstract class SiloStore : IAsyncDisposable
{
    /// <summary>How long to retry a store that does not answer: the machines of a cluster may start at the same time.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The grain directory.</summary>
    public abstract IGrainDirectory Directory { get; }

    /// <summary>Opens the store of <paramref name="settings"/>.</summary>
    /// <exception cref="MembershipStoreException">It cannot be reached or written.</exception>
    /// <exception cref="ClusterSettingsException">It refuses this silo, or has not been prepared.</exception>
    public static async Task<SiloStore> OpenAsync(ClusteringSettings settings, TimeProvider time, CancellationToken cancellation) =>
        settings.Provider switch
    {
        ClusteringProvider.Redis => await RedisStore.ConnectAsync(settings, time, cancellation),
        ClusteringProvider.PostgreSql => await PostgresStore.ConnectAsync(settings, time, cancellation),
        _ => SqliteStore.Open(settings),
    };

    /// <summary>Creates the tables that the provider needs, for <c>init-database</c>. Repeated and concurrent calls are harmless.</summary>
    /// <returns>A message that describes what was done.</returns>
    /// <exception cref="MembershipStoreException">The database cannot be reached or written.</exception>
    /// <exception cref="ClusterSettingsException">It refuses this program.</exception>
    public static async Task<string> InitializeAsync(ClusteringSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        switch (settings.Provider)
        {
            case ClusteringProvider.Redis:
                return $"{settings.Description}: nothing to do, Redis needs no preparation";
            case ClusteringProvider.PostgreSql:
                await PostgresStore.CreateSchemaAsync(settings, time, cancellation);
                break;
            default:
                SqliteMembership.Prepare(settings.Connection);
                break;
        }

        return $"{settings.Description}: the tables of membership and grain directory exist";
    }

    /// <summary>Configures a silo to use the store.</summary>
    public abstract void AddTo(ISiloBuilder silo);

    /// <summary>Deletes the store if it belongs to a single run and no silo uses it any more.</summary>
    public virtual void DeleteIfDeserted()
    {
    }

    /// <summary>As <see cref="DeleteIfDeserted"/>, for silos that end without leaving their cluster.</summary>
    public virtual void DeleteIfLast()
    {
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Retries until success or until <see cref="Patience"/> has passed.</summary>
    /// <param name="attempt">The operation.</param>
    /// <param name="mayPass">Whether a failure is transient.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    protected static async Task<T> TryAsync<T>(
        Func<CancellationToken, Task<T>> attempt, Func<Exception, bool> mayPass, TimeProvider time, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await attempt(cancellation);
            }
            catch (Exception exception) when (mayPass(exception) && time.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(Pause, time, cancellation);
            }
        }
    }
}
