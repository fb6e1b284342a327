using Orleans.GrainDirectory;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>Where a silo's cluster keeps its membership and its grain directory; opened and checked before the silo starts.</summary>
internal abstract class SiloStore : IAsyncDisposable
{
    /// <summary>A store that does not answer at first is asked again for this long: the machines of a cluster may start at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The places of runs' grains.</summary>
    public abstract IGrainDirectory Directory { get; }

    /// <summary>Opens the store of <paramref name="settings"/>.</summary>
    /// <exception cref="MembershipStoreException">It cannot be reached or written.</exception>
    /// <exception cref="ClusterSettingsException">It does not let this silo in, or has not been prepared.</exception>
    public static async Task<SiloStore> OpenAsync(ClusteringSettings settings, TimeProvider time, CancellationToken cancellation) => settings.Provider switch
    {
        ClusteringProvider.Redis => await RedisStore.ConnectAsync(settings, time, cancellation),
        ClusteringProvider.PostgreSql => await PostgresStore.ConnectAsync(settings, time, cancellation),
        _ => SqliteStore.Open(settings),
    };

    /// <summary>Creates what the provider needs in its database: the work of <c>init-database</c>. More than once, and several at once, do no harm.</summary>
    /// <returns>What was done, for people.</returns>
    /// <exception cref="MembershipStoreException">The database cannot be reached or written.</exception>
    /// <exception cref="ClusterSettingsException">It does not let this program in.</exception>
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

        return $"{settings.Description}: the tables of membership and grain directory are there";
    }

    /// <summary>Lets a silo use the store.</summary>
    public abstract void AddTo(ISiloBuilder silo);

    /// <summary>Clears the store away if it belongs to no silo any more and is of no use to anybody after that.</summary>
    public virtual void DeleteIfDeserted()
    {
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Tries until it succeeds or <see cref="Patience"/> is at its end.</summary>
    /// <param name="attempt">What to try.</param>
    /// <param name="mayPass">Whether a failure may pass by itself.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up.</param>
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
