using System.Diagnostics;
using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.GrainDirectory;
using Orleans.Serialization;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Silo.Stores;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;
using StackExchange.Redis;

namespace Orleans.Tbptt.Tests.Silo.Stores;

/// <summary>What every grain directory promises, whatever it is kept in.</summary>
[Collection(Processes.Name)]
public sealed class GrainDirectoryTests : IDisposable
{
    private static readonly SiloAddress First = SiloAddress.New(IPAddress.Loopback, 1001, 7);
    private static readonly SiloAddress Second = SiloAddress.New(IPAddress.Loopback, 1002, 7);
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public Task SqliteDirectory_KeepsOneActivation() =>
        KeepsOneActivation(cluster =>
            new AdoNetGrainDirectory(SqliteFactory.Instance, $"Data Source={_directory.File("d.db")};Pooling=False", cluster));

    [Fact(Timeout = 60_000)]
    public async Task PostgresDirectory_KeepsOneActivation_AndFailsSoonWithoutItsServer()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var postgres = await PostgresServer.StartAsync(cancellation);
        ClusteringSettings Settings(string cluster) =>
            new() { Provider = ClusteringProvider.PostgreSql, Connection = postgres.ConnectionString, ClusterId = cluster };
        await SiloStore.InitializeAsync(Settings(""), TimeProvider.System, cancellation);
        await using var one = await SiloStore.OpenAsync(Settings("one"), TimeProvider.System, cancellation);
        await using var two = await SiloStore.OpenAsync(Settings("two"), TimeProvider.System, cancellation);
        await KeepsOneActivation(cluster => cluster == "one" ? one.Directory : two.Directory);

        postgres.Kill();
        await FailsSoon(one.Directory);

        await postgres.RestartAsync(cancellation);
        Assert.Null(await one.Directory.Lookup(GrainId.Create("trainer", "none"), cancellation));
    }

    [Fact(Timeout = 60_000)]
    public async Task RedisDirectory_KeepsOneActivation_AndFailsSoonWithoutItsServer()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var redis = await RedisServer.StartAsync(cancellation);
        ClusteringSettings Settings(string cluster) =>
            new() { Provider = ClusteringProvider.Redis, Connection = redis.ConnectionString, ClusterId = cluster };
        await using var one = await SiloStore.OpenAsync(Settings("one"), TimeProvider.System, cancellation);
        await using var two = await SiloStore.OpenAsync(Settings("two"), TimeProvider.System, cancellation);
        await KeepsOneActivation(cluster => cluster == "one" ? one.Directory : two.Directory);

        redis.Kill();
        await FailsSoon(one.Directory);
    }

    [Fact(Timeout = 60_000)]
    public async Task RedisDirectory_EntersItsGrainsAgain_WhenRedisLostThem()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var redis = await RedisServer.StartAsync(cancellation);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(RedisServers.Options(redis.ConnectionString));
        var directory = new RedisGrainDirectory(connection.GetDatabase(), "tbptt/directory/one");
        var (kept, moved, gone) = (Address("kept", First), Address("moved", First), Address("gone", First));
        foreach (var address in (GrainAddress[])[kept, moved, gone])
            await directory.Register(address);
        await directory.Unregister(gone);
        Assert.Equal(0, await directory.EnterAsync(First));

        await connection.GetDatabase().ExecuteAsync("FLUSHALL");
        // Another silo has taken over meanwhile.
        var elsewhere = new RedisGrainDirectory(connection.GetDatabase(), "tbptt/directory/one");
        var taken = Address("moved", Second);
        await elsewhere.Register(taken);

        Assert.Equal(1, await directory.EnterAsync(First));
        Assert.Equal(kept, await elsewhere.Lookup(kept.GrainId));
        Assert.Equal(taken, await directory.Lookup(moved.GrainId));
        Assert.Null(await directory.Lookup(gone.GrainId));
        Assert.Equal(0, await directory.EnterAsync(First));
    }

    public void Dispose() => _directory.Dispose();

    private static GrainAddress Address(string key, SiloAddress silo) =>
        new() { GrainId = GrainId.Create("trainer", key), SiloAddress = silo, ActivationId = ActivationId.NewId() };

    private static async Task KeepsOneActivation(Func<string, IGrainDirectory> open)
    {
        var (directory, other) = (open("one"), open("two"));
        var (first, second) = (Address("wave-1/0", First), Address("wave-1/0", Second));
        Assert.Null(await directory.Lookup(first.GrainId));

        Assert.Equal(first, await directory.Register(first));
        // A later caller learns who was first.
        Assert.Equal(first, await directory.Register(second));
        Assert.Equal(first, await directory.Register(second, Address("wave-1/0", First)));
        Assert.Equal(first, await directory.Lookup(first.GrainId));
        Assert.Null(await other.Lookup(first.GrainId));

        // Known to be gone, it makes room for the next; what it still says counts no more.
        Assert.Equal(second, await directory.Register(second, first));
        await directory.Unregister(first);
        Assert.Equal(second, await directory.Lookup(first.GrainId));

        var neighbour = Address("wave-1/1", First);
        await directory.Register(neighbour);
        await directory.UnregisterSilos([Second]);
        Assert.Null(await directory.Lookup(second.GrainId));
        Assert.Equal(neighbour, await directory.Lookup(neighbour.GrainId));
        await directory.Unregister(neighbour);
        Assert.Null(await directory.Lookup(neighbour.GrainId));
    }

    /// <summary>And in words that reach a caller on another machine, which knows nothing of the database's driver.</summary>
    private static async Task FailsSoon(IGrainDirectory directory)
    {
        var guarded = new GuardedGrainDirectory(directory);
        var address = Address("none", First);
        Func<Task>[] calls =
        [
            () => guarded.Lookup(address.GrainId), () => guarded.Register(address), () =>
                guarded.Register(address, Address("none", Second)),
            () => guarded.Unregister(address), () => guarded.UnregisterSilos([First]),
        ];
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        foreach (var call in calls)
        {
            long began = Stopwatch.GetTimestamp();
            var thrown = await Assert.ThrowsAsync<OrleansException>(call);
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(4));
            Assert.StartsWith("the grain directory does not answer: ", thrown.Message, StringComparison.Ordinal);
            var arrived =
                Assert.IsType<OrleansException>(serializer.Deserialize<Exception>(serializer.SerializeToArray<Exception>(thrown)));
            Assert.Equal(thrown.Message, arrived.Message);
        }
    }
}
