using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>A silo process that serves a model, in a cluster of its own.</summary>
internal sealed class ServingSilo : IServingSilo
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(1.8);

    private readonly SiloProcess _process;
    private readonly string _runs, _membership, _clusterId;

    private ServingSilo(SiloProcess process, string log, string runs, string membership, string clusterId) =>
        (_process, _runs, _membership, _clusterId, Ended) = (process, runs, membership, clusterId, DescribeEndAsync(process, log));

    /// <inheritdoc/>
    public int Pid => _process.Pid;

    /// <inheritdoc/>
    public string Page => _process.Page!;

    /// <inheritdoc/>
    public Task<string> Ended { get; }

    /// <summary>Starts the silo; it serves when this returns.</summary>
    /// <exception cref="ClientException">It cannot be started; no process of it remains.</exception>
    public static async Task<ServingSilo> StartAsync(SiloProgram program, ServePlan plan, CancellationToken cancellation)
    {
        string runs = Path.GetFullPath(plan.Runs), directory = SqliteMembership.DirectoryIn(runs);
        string membership = Path.Combine(directory, $"{plan.ClusterId}.db"), log = Path.Combine(directory, $"{plan.ClusterId}.log");
        string found = $"found another console that serves {plan.Name} from {runs}, expected none; end it, or add --name NAME";
        using var alone = StartLock.Take(runs, membership, found);

        // Two silos of one cluster would share its streams, although each may serve another package.
        if (await SqliteSilos.AnyListensAsync(membership, plan.ClusterId, cancellation))
            throw new ClientException(found, ExitCode.Unreachable);
        try
        {
            // A silo that was killed stays listed as alive: the next one would wait for it.
            SqliteMembership.Delete(membership);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw LocalCluster.UnusableRunStore(runs, exception);
        }

        var process = SiloProcess.Start(program, 1, Arguments(plan, runs, membership, log), log);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartTimeout);
        try
        {
            await process.WaitUntilReadyAsync(plan.Telemetry, limit.Token);
            return process.Page is not null ? new(process, log, runs, membership, plan.ClusterId)
                : throw new ClientException("--http: found off, expected an address, because nobody could reach the model", ExitCode.Usage);
        }
        catch (Exception exception)
        {
            process.Kill();
            await process.Exited;
            process.Dispose();
            throw exception is OperationCanceledException && !cancellation.IsCancellationRequested
                ? new ClientException(
                    $"the silo was not ready after {StartTimeout.TotalSeconds:0} s; its log is {log}", ExitCode.Unreachable, exception)
                : exception;
        }
    }

    /// <inheritdoc/>
    public async Task EndAsync()
    {
        _process.ClosePipe();
        try
        {
            await _process.Exited.WaitAsync(EndTimeout);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.Exited;
        }

        try
        {
            // Another console may serve the model already, and a silo of its own is listed there.
            using var alone = StartLock.Take(_runs, _membership, "another console begins");
            if (!await SqliteSilos.AnyListensAsync(_membership, _clusterId, CancellationToken.None))
                SqliteMembership.Delete(_membership);
        }
        catch (Exception exception) when (exception is ClientException or IOException or UnauthorizedAccessException)
        {
            // Who serves the model next deletes what is left.
        }
    }

    /// <inheritdoc/>
    public void Kill() => _process.Kill();

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<string> DescribeEndAsync(SiloProcess process, string log)
    {
        await process.Exited;
        return $"silo (process {process.Pid}) {process.DescribeEnd()}; its log is {log}";
    }

    private static List<string> Arguments(ServePlan plan, string runs, string membership, string log)
    {
        List<string> arguments =
        [
            "--local", "--runs", runs, "--cluster-id", plan.ClusterId, "--clustering", nameof(ClusteringProvider.Sqlite),
            "--connection", membership, "--address", "127.0.0.1", "--silo-port", "0", "--gateway-port", "0", "--slots", "0",
            "--http", plan.Http, "--name", $"serve-{plan.Name}", "--log-file", log,
        ];
        if (plan.Package is { } package)
            arguments.AddRange("--model", $"{plan.Name}={package}");
        if (plan.Telemetry is not null)
            arguments.AddRange("--telemetry", "console");
        return arguments;
    }
}
