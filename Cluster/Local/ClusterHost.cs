using Microsoft.Extensions.Hosting;

namespace Orleans.Tbptt.Cluster.Local;

/// <summary>What the hosts of a silo and of a client have in common.</summary>
public static class ClusterHost
{
    /// <summary>The largest message, in bytes: the parameters of a model pass in one.</summary>
    public const int MaxMessageBytes = 1 << 30;

    /// <summary>Leaves signals to the program: a host's own lifetime would answer Ctrl-C.</summary>
    public sealed class NoLifetime : IHostLifetime
    {
        /// <inheritdoc/>
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <inheritdoc/>
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
