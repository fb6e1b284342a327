using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>Starts a cluster of silo processes on this machine and an Orleans client of it.</summary>
/// <param name="findProgram">Finds the silo program.</param>
internal sealed class LocalLauncher(Func<SiloProgram> findProgram) : IClusterLauncher
{
    /// <inheritdoc/>
    public async Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, Action<string> notice, CancellationToken cancellation)
    {
        var silos = await LocalCluster.StartAsync(findProgram(), plan, notice, cancellation);
        try
        {
            return new Connected(silos, await ClusterConnection.OpenAsync(silos.MembershipFile, plan.Run.Text, cancellation));
        }
        catch (Exception)
        {
            silos.Kill();
            await silos.EndAsync();
            silos.Dispose();
            throw;
        }
    }

    private sealed class Connected(LocalCluster silos, ClusterConnection connection) : ITrainingCluster
    {
        public IRunService Runs => connection.Runs;

        public IReadOnlyList<int> Pids { get; } = [.. silos.Silos.Select(silo => silo.Pid)];

        public string? Page => silos.Page;

        public Task<string> Lost => silos.Lost;

        public async Task EndAsync()
        {
            await connection.DisposeAsync();
            await silos.EndAsync();
        }

        public void Kill() => silos.Kill();

        public async ValueTask DisposeAsync()
        {
            await connection.DisposeAsync();
            silos.Dispose();
        }
    }
}
