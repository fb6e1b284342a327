using Microsoft.Extensions.Hosting;

namespace Orleans.Tbptt.Local;

/// <summary>What the hosts of a silo and of a client have in common.</summary>
/// <remarks>Compiled into the silo and into the client, so that neither sends what the other refuses.</remarks>
internal static class ClusterHost
{
    /// <summary>The largest message, in bytes: the parameters of a model pass in one.</summary>
    public const int MaxMessageBytes = 1 << 30;

    /// <summary>Leaves signals to the program: a host's own lifetime would answer Ctrl-C.</summary>
    internal sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
