using System.Buffers;
using System.Runtime.CompilerServices;
using Orleans.Configuration;
using Orleans.Networking.Shared;

namespace Orleans.Tbptt.Grains.Transport;

/// <summary>How silos talk: what Orleans leaves to be set of its sockets, as measured (decision 11).</summary>
internal static class TransportSettings
{
    /// <summary>What a socket reads or writes at once.</summary>
    private const int BlockBytes = 256 << 10;

    /// <summary>
    /// Two, so that a probe or a small model's ticket need not stand behind another run's buckets, and that both cores of a transfer copy.
    /// </summary>
    private const int ConnectionsPerEndpoint = 2;

    /// <summary>Sets a silo's sockets up for steps: small messages that must not wait, and buckets of 1 MiB.</summary>
    public static ISiloBuilder UseStepTransport(this ISiloBuilder silo)
    {
        var memory = new WireMemory(BlockBytes);
        silo.Configure<SocketConnectionOptions>(sockets =>
        {
            sockets.NoDelay = true;
            SetMemory(sockets, () => memory);
        });
        return silo.Configure<ConnectionOptions>(connections => connections.ConnectionsPerEndpoint = ConnectionsPerEndpoint);
    }

    // Orleans documents this property but keeps it to itself.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_MemoryPoolFactory")]
    private static extern void SetMemory(SocketConnectionOptions sockets, Func<MemoryPool<byte>> factory);
}
