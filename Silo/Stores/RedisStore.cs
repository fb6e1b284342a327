using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using StackExchange.Redis;

namespace Orleans.Tbptt.Silo.Stores;

/// <summary>A Redis server: one connection for the membership and the grain directory.</summary>
internal sealed class RedisStore : SiloStore
{
    private readonly IConnectionMultiplexer _redis;
    private readonly ConfigurationOptions _options;
    private readonly RedisGrainDirectory _directory;
    private readonly RedisKey _membershipKey;

    private RedisStore(IConnectionMultiplexer redis, ConfigurationOptions options, string clusterId)
    {
        (_redis, _options) = (redis, options);
        _directory = new(redis.GetDatabase(), $"{ClusteringSettings.ServiceId}/directory/{clusterId}");
        _membershipKey =
            RedisClusteringOptions.DefaultCreateRedisKey(
                new ClusterOptions { ClusterId = clusterId, ServiceId = ClusteringSettings.ServiceId });
    }

    /// <inheritdoc/>
    public override IGrainDirectory Directory => _directory;

    /// <summary>Connects; the server answers when this returns.</summary>
    /// <exception cref="MembershipStoreException">It cannot be reached.</exception>
    /// <exception cref="ClusterSettingsException">It refuses this silo.</exception>
    public static async Task<RedisStore> ConnectAsync(ClusteringSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        var options = RedisServers.Options(settings.Connection);
        var redis = await ConnectionMultiplexer.ConnectAsync(options);
        try
        {
            await TryAsync(_ => redis.GetDatabase().PingAsync(), MayPass, time, cancellation);
            return new(redis, options, settings.ClusterId);
        }
        catch (RedisException exception) when (!MayPass(exception))
        {
            await redis.DisposeAsync();
            throw new ClusterSettingsException($"{settings.Description} refuses: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            await redis.DisposeAsync();
            throw new MembershipStoreException($"cannot reach {settings.Description}: no answer within {Patience.TotalSeconds:0} s",
                exception);
        }
    }

    /// <inheritdoc/>
    public override void AddTo(ISiloBuilder silo)
    {
        silo.UseRedisClustering(store =>
        {
            store.ConfigurationOptions = _options;
            store.CreateMultiplexer = _ => Task.FromResult((_redis, true));
        });
        var table = silo.Services.Last(service => service.ServiceType == typeof(IMembershipTable));
        silo.Services.Remove(table);
        silo.Services.AddSingleton<IMembershipTable>(services => new LastingMembershipTable(
            Create(services, table), _redis.GetDatabase(), _membershipKey, _directory, services.GetRequiredService<ILocalSiloDetails>(),
            services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<LastingMembershipTable>>()));
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await base.DisposeAsync();
    }

    private static IMembershipTable Create(IServiceProvider services, ServiceDescriptor table) =>
        (IMembershipTable)(table.ImplementationFactory?.Invoke(services)
            ?? ActivatorUtilities.CreateInstance(services, table.ImplementationType!));

    /// <summary>Whether no server answers or it is starting. A wrong password is not transient.</summary>
    private static bool MayPass(Exception exception) => exception switch
    {
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => false,
        RedisServerException answer => answer.Message.StartsWith("LOADING", StringComparison.Ordinal),
        _ => exception is RedisException or TimeoutException,
    };
}
