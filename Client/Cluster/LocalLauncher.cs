using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Telemetry;

namespace Orleans.Tbptt.Client.Cluster;

/// <summary>Starts a cluster of silo processes on this machine, and reaches its grains through the pipes to them.</summary>
/// <param name="findProgram">Finds the silo program.</param>
internal sealed class LocalLauncher(Func<SiloProgram> findProgram) : IClusterLauncher
{
    /// <inheritdoc/>
    public async Task<ITrainingCluster> LaunchAsync(ClusterPlan plan, Action<string> notice, CancellationToken cancellation)
    {
        var silos = await LocalCluster.StartAsync(findProgram(), plan, notice, cancellation);
        var piped = new PipedRuns(silos.Silos, () => ClusterConnection.OpenAsync(silos.MembershipFile, plan.Run.Text, cancellation),
            TimeProvider.System);
        // Where spans are recorded, those of the silos belong under the console's: an Orleans client passes them on.
        if (!Traces.Source.HasListeners())
            return new Started(silos, piped, piped.Sweeps, piped);
        try
        {
            var connection = await ClusterConnection.OpenAsync(silos.MembershipFile, plan.Run.Text, cancellation);
            return new Started(
                silos, connection.Runs, new GrainSweepService(() => Task.FromResult<IGrainFactory>(connection.Grains)), connection);
        }
        catch (Exception)
        {
            silos.Kill();
            await silos.EndAsync();
            silos.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<IServingSilo> ServeAsync(ServePlan plan, CancellationToken cancellation) =>
        await ServingSilo.StartAsync(findProgram(), plan, cancellation);

    private sealed class Started(LocalCluster silos, IRunService runs, ISweepService sweeps, IAsyncDisposable connection) : ITrainingCluster
    {
        public IRunService Runs => runs;

        public ISweepService Sweeps => sweeps;

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
