using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;
using StackExchange.Redis;

namespace Orleans.Tbptt.Tests.Silo.Stores;

/// <summary>Real silos that find each other through real servers.</summary>
[Collection(Processes.Name)]
public sealed class ClusteringTests : IDisposable
{
    private const string Id = "three";
    private readonly TemporaryDirectory _directory = new();
    private readonly List<StandingSilo> _silos = [];

    [Fact(Timeout = 180_000)]
    public async Task Silos_FindEachOtherThroughRedis_AndNoticeAKilledOne()
    {
        using var redis = await RedisServer.StartAsync(TestContext.Current.CancellationToken);
        await FindEachOtherAsync(new() { Provider = ClusteringProvider.Redis, Connection = redis.ConnectionString, ClusterId = Id });
    }

    [Fact(Timeout = 180_000)]
    public async Task Silos_FindEachOtherThroughPostgreSql_AndNoticeAKilledOne()
    {
        using var postgres = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);
        var settings =
            new ClusteringSettings { Provider = ClusteringProvider.PostgreSql, Connection = postgres.ConnectionString, ClusterId = Id };

        // Before its tables exist, a silo says what to do.
        var (code, error) = await Start(settings).EndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(78, code);
        Assert.Contains("run 'tbptt-silo init-database'", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);

        var several = Enumerable.Range(0, 3).Select(_ => Track(StandingSilo.Start(["init-database", .. Store(settings)]))).ToList();
        foreach (var one in several)
            Assert.Equal((0, ""), await one.EndAsync(TestContext.Current.CancellationToken));

        await FindEachOtherAsync(settings);
    }

    [Fact(Timeout = 180_000)]
    public async Task Silos_ContinueWithTheSameCluster_WhenRedisComesBackEmpty()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var redis = await RedisServer.StartAsync(cancellation);
        var settings = new ClusteringSettings { Provider = ClusteringProvider.Redis, Connection = redis.ConnectionString, ClusterId = Id };
        foreach (var silo in (StandingSilo[])[Start(settings), Start(settings)])
            await silo.ReadyAsync(cancellation);
        await using var connection = await ClusterConnection.OpenAsync(settings, cancellation);
        var before = await Hosts(connection, 2);

        await redis.RestartEmptyAsync(cancellation);
        // Who joins now would make another cluster of an empty table, if the others left it so.
        await Start(settings).ReadyAsync(cancellation);

        var after = await Hosts(connection, 3);
        Assert.Subset(after.Keys.ToHashSet(), before.Keys.ToHashSet());
        Assert.All(_silos, silo => Assert.True(silo.IsAlive));
        Assert.Contains(_silos.SelectMany(silo => silo.Lines), line =>
            line.Contains("Redis lost the membership table", StringComparison.Ordinal));
    }

    /// <summary>
    /// Silos that join an empty Redis soon bring its table to the version that the others know, and Orleans ends a silo that is missing
    /// in it.
    /// </summary>
    [Fact(Timeout = 120_000)]
    public async Task Silo_PutsItselfBack_WhereANewTableHasCaughtUpWithItsVersion()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var redis = await RedisServer.StartAsync(cancellation);
        var settings = new ClusteringSettings { Provider = ClusteringProvider.Redis, Connection = redis.ConnectionString, ClusterId = Id };
        var silo = await Start(settings).ReadyAsync(cancellation);
        await using var connection = await ClusterConnection.OpenAsync(settings, cancellation);
        var before = await Hosts(connection, 1);

        await using (var client = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString))
        {
            string table = RedisClusteringOptions.DefaultCreateRedisKey(
                new ClusterOptions { ClusterId = Id, ServiceId = ClusteringSettings.ServiceId })!;
            await client.GetDatabase().ScriptEvaluateAsync(
                "redis.call('DEL', KEYS[1]) redis.call('HSET', KEYS[1], 'Version', '50')", [table]);
        }

        while (!silo.Lines.Any(line => line.Contains("found version 50, known is ", StringComparison.Ordinal)))
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        Assert.Equal(before.Keys, (await Hosts(connection, 1)).Keys);
        Assert.True(silo.IsAlive);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("Redis", "127.0.0.1:{0},password=sesame", "Redis 127.0.0.1:{0}")]
    [InlineData("PostgreSql", "Host=127.0.0.1;Port={0};Username=u;Password=sesame", "PostgreSQL 127.0.0.1:{0}/u")]
    public async Task Silo_ExitsWith69AndOneLine_WhenItsStoreCannotBeReached(string provider, string connection, string described)
    {
        int port = ServerPrograms.FreePort();
        var silo = Track(StandingSilo.Start(
            ["--runs", _directory.Path, "--clustering", provider, "--connection",
                string.Format(System.Globalization.CultureInfo.InvariantCulture, connection, port)]));

        var (code, error) = await silo.EndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(69, code);
        Assert.StartsWith($"tbptt-silo: cannot reach {described.Replace("{0}", $"{port}")}: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", error + string.Join('\n', silo.Lines), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact(Timeout = 120_000)]
    public async Task Silo_ExitsWith69AndOneLine_WhenItsRunStoreCannotBeWritten()
    {
        string file = _directory.File("file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);

        var (code, error) = await Track(StandingSilo.Start(["--runs", file])).EndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(69, code);
        Assert.StartsWith($"tbptt-silo: runs: cannot use {file}", error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        // What a silo said is gone with it, and is the only trace of what kept it waiting. A test whose time is over has no result yet.
        bool hasFailed =
            TestContext.Current.TestState?.Result == TestResult.Failed || TestContext.Current.CancellationToken.IsCancellationRequested;
        StandingSilo[] silos = [.. _silos];
        string[] said = hasFailed ? [.. silos.Index().Select(silo => Said(silo.Index, silo.Item))] : [];
        foreach (var silo in silos)
            silo.Dispose();
        _directory.Dispose();
        foreach (string text in said)
            TestContext.Current.TestOutputHelper?.WriteLine(text);
    }

    private static string Said(int number, StandingSilo silo) =>
        $"--- silo {number}, {(silo.IsAlive || silo.EndedWithItsTest ? "alive" : "gone")}\n{string.Join('\n', silo.Lines.TakeLast(60))}";

    private async Task FindEachOtherAsync(ClusteringSettings settings)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var silos = (StandingSilo[])[Start(settings), Start(settings, "--slots", "0")];
        foreach (var silo in silos)
            await silo.ReadyAsync(cancellation);
        Assert.Equal($"{settings.Description}, cluster {Id}", silos[0].Announced("membership"));
        Assert.Equal("0: coordinators only", silos[1].Announced("slots"));
        await using var connection = await ClusterConnection.OpenAsync(settings, cancellation);
        await Hosts(connection, 2);

        silos[0].Kill();

        await Hosts(connection, 1);
        Assert.True(silos[1].IsAlive);
    }

    /// <summary>Asks until so many silos are active. The gateway asked may be the one that was killed.</summary>
    private static async Task<IReadOnlyDictionary<SiloAddress, SiloStatus>> Hosts(ClusterConnection connection, int count)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var management = connection.Grains.GetGrain<IManagementGrain>(0);
        while (true)
        {
            try
            {
                var hosts = await management.GetHosts(true, cancellation).WaitAsync(TimeSpan.FromSeconds(5), cancellation);
                if (hosts.Count == count)
                    return hosts;
            }
            catch (Exception exception) when (exception is TimeoutException or SiloUnavailableException or OrleansMessageRejectionException)
            {
                // Asked again: the gateway was that of the killed silo.
            }

            // Not at once: each question has a silo read the table, and one after the other would take the silos' processor.
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private StandingSilo Start(ClusteringSettings settings, params string[] more) =>
        Track(StandingSilo.Start([.. Store(settings), "--cluster-id", settings.ClusterId, .. more]));

    private string[] Store(ClusteringSettings settings) =>
        ["--runs", _directory.Path, "--clustering", $"{settings.Provider}", "--connection", settings.Connection];

    private StandingSilo Track(StandingSilo silo)
    {
        _silos.Add(silo);
        return silo;
    }
}
