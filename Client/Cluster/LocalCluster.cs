using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Local;
using Orleans.Tbptt.Cluster.Membership;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>
/// Silo processes on this machine that find each other through a SQLite file, and end when this process does, however it ends.
/// </summary>
internal sealed class LocalCluster : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(1.8);

    private readonly ClusterPlan _plan;
    private readonly List<SiloProcess> _silos = [];
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ending;

    private LocalCluster(ClusterPlan plan)
    {
        _plan = plan;
        MembershipFile = ClusterAddress.LocalOf(plan.Runs, plan.Run).Connection;
    }

    /// <summary>The SQLite file of the membership; deleted when the cluster ends.</summary>
    public string MembershipFile { get; }

    /// <summary>The silos.</summary>
    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>The web page of the run, served by the first silo that lives; null where none serves one.</summary>
    public string? Page => _silos.Where(silo => !silo.Exited.IsCompleted).Select(silo => silo.Page).FirstOrDefault() is { } page
        ? $"{page}{(_plan.IsSweep ? "sweeps" : "runs")}/{_plan.Run}"
        : null;

    /// <summary>Completes, with the cause, when the last silo has ended unasked.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Starts the silos; all are part of the cluster when this returns.</summary>
    /// <exception cref="ClientException">A silo cannot be started (the others are ended), or the run has silos already.</exception>
    public static async Task<LocalCluster> StartAsync(
        SiloProgram program, ClusterPlan plan, Action<string> notice, CancellationToken cancellation)
    {
        var cluster = new LocalCluster(plan);
        using var alone = StartLock.Take(
            plan.Runs, cluster.MembershipFile,
            $"another console is starting silos for run {plan.Run}; attach to them with: tbptt attach {plan.Run}");
        if (await SqliteSilos.AnyListensAsync(cluster.MembershipFile, plan.Run.Text, cancellation))
            throw new ClientException($"run {plan.Run} has silos already; attach to them with: tbptt attach {plan.Run}",
                ExitCode.Unreachable);
        try
        {
            Directory.CreateDirectory(plan.Directory.Logs);
            // Silos that were all killed at once stay listed as alive in the membership file: new ones would wait for them.
            SqliteMembership.Delete(cluster.MembershipFile);
            for (int number = 1; number <= plan.Silos; number++)
                cluster._silos.Add(SiloProcess.Start(program, number, cluster.Arguments(number), plan.Log(number)));
            await cluster.WaitUntilReadyAsync(cancellation);
            foreach (var silo in cluster._silos)
                _ = cluster.WatchAsync(silo, notice);
            return cluster;
        }
        catch (Exception exception)
        {
            await cluster.EndAsync();
            cluster.Dispose();
            if (exception is MembershipStoreException or IOException or UnauthorizedAccessException)
                throw UnusableRunStore(plan.Runs, exception);
            throw;
        }
    }

    /// <summary>The run store cannot be written.</summary>
    public static ClientException UnusableRunStore(string runs, Exception exception) =>
        new($"cannot use the runs directory {runs}: {exception.Message}", ExitCode.Unreachable, exception);

    /// <summary>
    /// Asks the silos to end, waits up to 1.8 s and what the run's last checkpoint may take, kills the rest, and deletes the membership
    /// file.
    /// </summary>
    public async Task EndAsync()
    {
        _ending = true;
        foreach (var silo in _silos)
            silo.ClosePipe();
        // A detached silo ignores the end of its pipe.
        if (_plan.Detached)
            Kill();
        try
        {
            await Task.WhenAll(_silos.Select(silo => silo.Exited))
                .WaitAsync(EndTimeout + FinalCheckpoint.Allowance(StatusFile.Read(_plan.Directory)));
        }
        catch (TimeoutException)
        {
            Kill();
            await Task.WhenAll(_silos.Select(silo => silo.Exited)).WaitAsync(EndTimeout);
        }

        try
        {
            SqliteMembership.Delete(MembershipFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A leftover file belongs to this run ID only: no other run reads it.
        }
    }

    /// <summary>Kills every silo.</summary>
    public void Kill()
    {
        _ending = true;
        foreach (var silo in _silos)
            silo.Kill();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var silo in _silos)
            silo.Dispose();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        using var first = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        first.CancelAfter(StartTimeout);
        try
        {
            int ready = 0;
            _plan.Phase($"starting silo 1 of {_silos.Count}");
            // The first failure ends the wait for the others.
            await foreach (var one in Task.WhenEach(_silos.Select(silo => silo.WaitUntilReadyAsync(_plan.Telemetry, first.Token))))
            {
                await one;
                if (++ready < _silos.Count)
                    _plan.Phase($"starting silo {ready + 1} of {_silos.Count}");
            }
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new ClientException(
                $"the silos were not ready after {StartTimeout.TotalSeconds:0} s; see {_plan.Directory.Logs}", ExitCode.Unreachable,
                exception);
        }
    }

    private async Task WatchAsync(SiloProcess silo, Action<string> notice)
    {
        await silo.Exited;
        if (_ending)
            return;
        int left = _silos.Count(other => !other.Exited.IsCompleted);
        string what = $"silo {silo.Number} (process {silo.Pid}) {silo.DescribeEnd()}; its log is {_plan.Log(silo.Number)}";
        if (left == 0)
            _lost.TrySetResult($"{what}; no silo is left");
        else
            notice($"{what}; {left} of {_silos.Count} silos left{NewPage(silo)}");
    }

    /// <summary>The page of a living silo, for users who had the ended silo's page open.</summary>
    private string NewPage(SiloProcess ended) => ended.Page is not null && Page is { } page ? $"; page {page}" : "";

    private List<string> Arguments(int number)
    {
        List<string> arguments =
        [
            "--runs", _plan.Runs, "--cluster-id", _plan.Run.Text, "--clustering", nameof(ClusteringProvider.Sqlite),
            "--connection", MembershipFile, "--address", "127.0.0.1", "--silo-port", "0", "--gateway-port", "0",
            "--name", $"silo-{number}", "--log-file", _plan.Log(number),
        ];
        if (_plan.Telemetry is not null)
            arguments.AddRange("--telemetry", "console");
        return _plan.Detached ? [.. arguments, _plan.IsSweep ? "--detached-sweep" : "--detached", _plan.Run.Text]
            : [.. arguments, "--local"];
    }
}
