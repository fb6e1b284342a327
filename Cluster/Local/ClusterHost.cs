using Microsoft.Extensions.Hosting;

namespace Orleans.Tbptt.Cluster.Local;

/// <summary>The common configuration of silo and client hosts.</summary>
public static class ClusterHost
{
    /// <summary>The maximum message size, in bytes.</summary>
    public const int MaxMessageBytes = 1 << 30;

    /// <summary>Leaves signals to the program: a host's default lifetime would handle Ctrl-C.</summary>
    public sealed class NoLifetime : IHostLifetime
    {
        /// <inheritdoc/>
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <inheritdoc/>
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
