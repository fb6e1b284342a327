using Microsoft.Extensions.Configuration;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Connecting;

/// <summary>Finds the cluster that a command selects, and connects to it.</summary>
/// <param name="connector">Connects to clusters.</param>
/// <param name="configuration">Names the cluster of a bare <c>--cluster</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="limits">Timeouts and retry intervals.</param>
internal sealed class Clusters(IClusterConnector connector, Lazy<IConfiguration> configuration, TimeProvider time, WatchLimits limits)
{
    /// <summary>Connects to the named cluster, or else to the cluster of the run store.</summary>
    /// <exception cref="ClientException">There is none, it cannot be reached, or its version differs.</exception>
    public async Task<OpenCluster> OpenAsync(ClusterSelection selection, CancellationToken cancellation)
    {
        if (selection.IsNamed)
            return await ConnectAsync(selection.Resolve(configuration.Value), cancellation);
        if (await FindLivingAsync([ClusterAddress.StandingOf(selection.Runs)], cancellation) is [var standing])
            return await ConnectAsync(standing, cancellation);
        throw new ClientException(
            $"no silo of run store {selection.Runs} is alive: start one with 'tbptt-silo --runs {selection.Runs}', name another cluster " +
            "with --cluster, "
            + "or start silos for one run with 'tbptt train'",
            ExitCode.Unreachable);
    }

    /// <summary>As <see cref="OpenAsync"/>; where that finds none, the local silos of the only run in training.</summary>
    /// <exception cref="ClientException">There is none or more than one, it cannot be reached, or its version differs.</exception>
    public async Task<OpenCluster> OpenAnyAsync(ClusterSelection selection, CancellationToken cancellation)
    {
        if (selection.IsNamed || await FindLivingAsync([ClusterAddress.StandingOf(selection.Runs)], cancellation) is [_])
            return await OpenAsync(selection, cancellation);
        return await FindLivingAsync(ClusterAddress.LocalsOf(selection.Runs), cancellation) switch
        {
            [] => await OpenAsync(selection, cancellation),
            [var only] => await ConnectAsync(only, cancellation),
            var several => throw new ClientException(
                $"several runs have their own silos; name one of {string.Join(", ", several.Select(address => address.ClusterId))}",
                ExitCode.Usage),
        };
    }

    /// <summary>Finds a run and the living cluster that trains it.</summary>
    /// <param name="selection">The cluster to search. Without <c>--cluster</c>: the run's own silos if they are alive, else those of the
    /// run store.</param>
    /// <param name="name">Run ID, or any unambiguous part of it.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <returns>The run; its cluster is null where no silo is alive.</returns>
    /// <exception cref="ClientException">There is no such run, or its cluster does not answer correctly.</exception>
    public async Task<FoundRun> FindAsync(ClusterSelection selection, string name, CancellationToken cancellation)
    {
        if (selection.IsNamed)
        {
            var named = await ConnectAsync(selection.Resolve(configuration.Value), cancellation);
            try
            {
                return new(await FindAsync(named, name, cancellation), named, selection);
            }
            catch (Exception)
            {
                await named.DisposeAsync();
                throw;
            }
        }

        var run = new RunFiles(selection.Runs, time).Find(name);

        // A trial is trained by the silos that were started for its sweep.
        var own = run.Status.Sweep is { } text && RunId.TryParse(text, out var sweep) && run.Status.Cluster == text ? sweep
            : run.Directory.Id;
        return new(run, await FindLivingAsync(selection, own, cancellation), selection);
    }

    /// <summary>The living cluster that a run or a sweep of the run store has: silos started for it, else those of the run store.</summary>
    /// <returns>Null where no silo is alive.</returns>
    /// <exception cref="ClientException">It does not answer correctly.</exception>
    public async Task<OpenCluster?> FindLivingAsync(ClusterSelection selection, RunId own, CancellationToken cancellation)
    {
        var living = await FindLivingAsync(
            [ClusterAddress.LocalOf(selection.Runs, own), ClusterAddress.StandingOf(selection.Runs)], cancellation);
        return living is [var first, ..] ? await ConnectAsync(first, cancellation) : null;
    }

    private async Task<List<ClusterAddress>> FindLivingAsync(IReadOnlyList<ClusterAddress> addresses, CancellationToken cancellation)
    {
        bool[] alive = await Task.WhenAll(addresses.Select(address => connector.HasSilosAsync(address, cancellation)));
        return [.. addresses.Where((_, index) => alive[index])];
    }

    private async Task<RunInfo> FindAsync(OpenCluster cluster, string name, CancellationToken cancellation)
    {
        try
        {
            if (RunId.TryParse(name, out var id))
                return RunInfo.Of(await cluster.Runs.GetStatusAsync(id).WaitAsync(limits.VersionCheck, time, cancellation),
                    time.GetUtcNow());
        }
        catch (RunNotFoundException)
        {
            // The name may be a part of an ID.
        }

        var known = (await cluster.Runs.ListAsync().WaitAsync(limits.VersionCheck, time, cancellation)).ToDictionary(status => status.Id);
        return RunInfo.Of(known[RunNames.Find(name, known.Keys, cluster.Name)], time.GetUtcNow());
    }

    private async Task<OpenCluster> ConnectAsync(ClusterAddress address, CancellationToken cancellation)
    {
        IClusterSession session;
        try
        {
            session = await connector.OpenAsync(address, cancellation).WaitAsync(limits.Connect, time, cancellation);
        }
        catch (TimeoutException exception)
        {
            throw new ClientException($"cannot reach {address.DisplayName} within {limits.Connect.TotalSeconds:0} s", ExitCode.Unreachable,
                exception);
        }

        try
        {
            return new(session, address.DisplayName, await new VersionCheck(time, limits)
                .VerifyAsync(session.Runs, address.DisplayName, cancellation));
        }
        catch (Exception)
        {
            await session.DisposeAsync();
            throw;
        }
    }
}
