using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Serialization;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Benchmarks.Processes;

/// <summary>Silo processes with their own run store and SQLite membership, and a client of theirs.</summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private const string Id = "benchmark";
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tbptt-benchmark-");
    private readonly List<SiloProcess> _silos = [];
    private readonly string[] _arguments;
    private IHost? _client;
    private int _started;

    private SiloCluster(string[] arguments) => _arguments = arguments;

    /// <summary>The silos that live.</summary>
    public IReadOnlyList<SiloProcess> Silos => [.. _silos.Where(silo => silo.ExitCode is null)];

    /// <summary>Every silo that was ever started.</summary>
    public IReadOnlyList<SiloProcess> AllSilos => _silos;

    /// <summary>The grains.</summary>
    public IGrainFactory Grains => _client!.Services.GetRequiredService<IGrainFactory>();

    /// <summary>The run store.</summary>
    public string Runs => Path.Combine(_directory.FullName, "runs");

    private string Membership => SqliteMembership.FileIn(_directory.FullName);

    /// <summary>Starts a cluster.</summary>
    /// <param name="silos">How many silos.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="arguments">More options of <c>tbptt-silo</c>.</param>
    public static async Task<SiloCluster> StartAsync(int silos, CancellationToken cancellation, params string[] arguments)
    {
        var cluster = new SiloCluster(arguments);
        try
        {
            for (int i = 0; i < silos; i++)
                await cluster.JoinAsync(cancellation);
            cluster._client = await cluster.ConnectAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where silos log to.</summary>
    public string Logs => _directory.FullName;

    /// <summary>Whether the membership table has a silo as active.</summary>
    public bool IsActive(SiloProcess silo)
    {
        using var connection = new SqliteConnection(SqliteMembership.ConnectionString(Membership));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM OrleansMembershipTable WHERE SiloName = $name AND Status = $active";
        command.Parameters.AddWithValue("$name", silo.Name);
        command.Parameters.AddWithValue("$active", (int)SiloStatus.Active);
        return (long)command.ExecuteScalar()! > 0;
    }

    /// <summary>Starts one more silo; returns when it has joined.</summary>
    public async Task<SiloProcess> JoinAsync(CancellationToken cancellation)
    {
        string name = $"silo-{++_started}";
        var silo = await SiloProcess.StartAsync(name,
        [
            "--runs", Runs, "--cluster-id", Id, "--clustering", "Sqlite",
            "--connection", Membership, "--address", "127.0.0.1",
            "--log-file", Path.Combine(Logs, $"{name}.log"), .. _arguments,
        ], cancellation);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Submits a run.</summary>
    /// <returns>Its coordinator.</returns>
    /// <exception cref="SpecException">It is refused.</exception>
    public async Task<ICoordinatorGrain> SubmitAsync(RunId run, RunSpec spec, int priority = 0)
    {
        var reply = await Grains.GetGrain<ICatalogGrain>(0)
            .Submit(new(run, new(SpecWriter.ToYaml(spec), "spec.yaml", "/"), priority, ProtocolVersion.Current));
        return reply.Problems.Count == 0 ? Grains.GetGrain<ICoordinatorGrain>(run.Text) : throw new SpecException(reply.Problems);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is { } client)
        {
            await client.StopAsync().WaitAsync(TimeSpan.FromSeconds(2)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            client.Dispose();
        }

        foreach (var silo in _silos)
            silo.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task<IHost> ConnectAsync(CancellationToken cancellation)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSerializer(serializer => serializer.AddAssembly(typeof(ICatalogGrain).Assembly));
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Id, ClusteringSettings.ServiceId));
            client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = Refresh);
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = Answer);
            client.Services.AddSingleton<IGatewayListProvider>(new Gateways(() => [.. Silos.Select(silo => silo.Gateway)]));
        });
        var host = builder.Build();
        await host.StartAsync(cancellation);
        return host;
    }

    /// <summary>The gateways of this moment, whatever the membership says.</summary>
    private sealed class Gateways(Func<IReadOnlyList<IPEndPoint>> gateways) : IGatewayListProvider
    {
        public TimeSpan MaxStaleness => Refresh;

        public bool IsUpdatable => true;

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways() =>
            Task.FromResult<IList<Uri>>([.. gateways().Select(gateway => SiloAddress.New(gateway, 0).ToGatewayUri())]);
    }
}
