using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Chaos.Network;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Chaos.Harness;

/// <summary>What the silos of a chaos cluster share.</summary>
/// <param name="Workplace">Run store and logs.</param>
/// <param name="Membership">Where they find each other.</param>
/// <param name="Lab">Gives each silo a separate network; null for the loopback.</param>
/// <param name="Arguments">More options of <c>tbptt-silo</c>.</param>
internal sealed record ChaosSetup(Workplace Workplace, MembershipStore Membership, NetworkLab? Lab = null,
    params IReadOnlyList<string> Arguments)
{
    /// <summary>
    /// Trainers that a silo takes. By default one silo that is left has room for a whole run, on however small a machine.
    /// </summary>
    public int Slots { get; init; } = 4;

    /// <summary>Whether silos serve a web page. Without one they start sooner.</summary>
    public bool HasPages { get; init; }

    /// <summary>Environment variables that the silos have in addition to this process's.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];
}

/// <summary>
/// Silo processes with one membership store and one run store, and a client of theirs. They end with the test, or with its process.
/// </summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    /// <summary>The service every cluster of this system is part of.</summary>
    public const string ServiceId = "tbptt";

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    private readonly ChaosSetup _setup;
    private readonly SiloProgram _program = SiloProgram.Find(AppContext.BaseDirectory);
    private readonly List<ChaosSilo> _silos = [];
    private readonly int _firstSilo;
    private ChaosClient? _client;
    private int _runs;

    private ChaosCluster(ChaosSetup setup, string id, int firstSilo) => (_setup, Id, _firstSilo) = (setup, id, firstSilo);

    /// <summary>The cluster's id.</summary>
    public string Id { get; }

    /// <summary>Every silo that was ever started, in order.</summary>
    public IReadOnlyList<ChaosSilo> Silos => [.. _silos];

    /// <summary>The silos that live and answer.</summary>
    public IReadOnlyList<ChaosSilo> Awake => [.. _silos.Where(silo => silo is { IsAlive: true, IsSilent: false })];

    /// <summary>The grains.</summary>
    public IGrainFactory Grains => _client!.Grains;

    /// <summary>Starts a cluster; every silo is active and known to the client when this returns.</summary>
    /// <param name="setup">What the silos share.</param>
    /// <param name="silos">How many.</param>
    /// <param name="id">The cluster's id; another one on the same stores is another cluster.</param>
    /// <param name="firstSilo">Its silos are numbered after so many others.</param>
    public static async Task<ChaosCluster> StartAsync(ChaosSetup setup, int silos, string id = "chaos", int firstSilo = 0)
    {
        var cluster = new ChaosCluster(setup, id, firstSilo);
        try
        {
            await cluster.StartSilosAsync(silos);
            cluster._client = await cluster.ConnectAsync();
            await cluster.AllActiveAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts more silos, all at once, which join the cluster; returns when they are active.</summary>
    public async Task<IReadOnlyList<ChaosSilo>> StartSilosAsync(int silos)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(StartPatience);
        int first = _silos.Count;
        var starting = Enumerable.Range(first + 1, silos).Select(number => StartSiloAsync(number, patience.Token)).ToArray();
        await ((Task)Task.WhenAll(starting)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Those that did start are known, and so end with the test, also when another did not.
        _silos.AddRange(starting.Where(one => one.IsCompletedSuccessfully).Select(one => one.Result));
        await Task.WhenAll(starting);
        return _silos[first..];
    }

    /// <summary>Kills every silo (SIGKILL) and waits until all are gone.</summary>
    public async Task KillAllAsync()
    {
        foreach (var silo in _silos.Where(silo => silo.IsAlive))
            silo.Kill();
        await Task.WhenAll(_silos.Select(silo => silo.Exited));
    }

    /// <summary>Waits until the silos that are awake, and no other, are active for each other.</summary>
    public Task AllActiveAsync(TimeSpan? patience = null) => ChaosClient.Ask(
        "all silos to be active",
        async () => (await ActiveAsync()).Order().SequenceEqual(Awake.Select(silo => silo.Address.ToString()).Order()) ? this : null,
        patience);

    /// <summary>The addresses of the silos that the cluster takes for active.</summary>
    public async Task<IReadOnlyList<string>> ActiveAsync() =>
        [.. (await Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Keys.Select(silo => silo.Endpoint.ToString())];

    /// <summary>The machine of a silo, where each has a separate one.</summary>
    public NetworkNode NodeOf(ChaosSilo silo) => _setup.Lab!.Nodes[_silos.IndexOf(silo)];

    /// <summary>Submits a run and fails the test when it is refused.</summary>
    public async Task<RunRecorder> SubmitAsync(RunSpec spec) => Record(await Grains.Submit(spec, Interlocked.Increment(ref _runs)));

    /// <summary>The id that the next run will have.</summary>
    public RunId NextRun(RunSpec spec) => RunId.Parse($"{spec.Name}-{_runs + 1}");

    /// <summary>Connects one more client.</summary>
    public Task<ChaosClient> ConnectAsync() => ChaosClient.ConnectAsync(
        Id, () => [.. Awake.Select(silo => silo.Gateway)], TestContext.Current.CancellationToken);

    /// <summary>The journal of a run in this cluster's run store.</summary>
    public RunRecorder Record(RunId run) => new(new RunDirectory(_setup.Workplace.Store, run));

    /// <summary>The coordinator of a run.</summary>
    public ICoordinatorGrain Coordinator(RunId run) => Grains.GetGrain<ICoordinatorGrain>(run.Text);

    /// <summary>Resumes a run and fails the test when that is refused.</summary>
    public async Task ResumeAsync(RunRecorder run, int? trainers = null)
    {
        var reply = await Coordinator(run.Id).ResumeRun(new(trainers, Protocol: ProtocolVersion.Current));
        Assert.Equal("", reply.Problem);
    }

    /// <summary>Ends the client and kills every silo; returns when all are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos.Where(silo => silo.IsAlive))
            silo.Kill();
        foreach (var silo in _silos)
            silo.Dispose();
        if (_client is { } client)
            await client.DisposeAsync();
    }

    private Task<ChaosSilo> StartSiloAsync(int number, CancellationToken cancellation)
    {
        string name = $"silo-{_firstSilo + number}", log = Path.Combine(_setup.Workplace.Logs, $"{name}.log");
        var node = _setup.Lab?.Nodes[number - 1];
        var start = _program.StartInfo(
        [
            "--runs", _setup.Workplace.Store, "--cluster-id", Id, .. _setup.Membership.Arguments, "--address", node?.Address.ToString()
                ?? "127.0.0.1",
            "--silo-port", "0", "--gateway-port", "0", "--name", name, "--log-file", log, "--local", "--slots", $"{_setup.Slots}",
            "--http", _setup.HasPages ? "127.0.0.1:0" : "off", .. _setup.Arguments,
        ]);
        foreach (var (variable, value) in _setup.Environment)
            start.Environment[variable] = value;
        return ChaosSilo.StartAsync(name, node is null ? start : node.Inside(start), log, cancellation);
    }
}
