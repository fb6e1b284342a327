using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>Opens connections to other silos, and breaks those to silos that are dead.</summary>
internal sealed partial class ConnectionDialer : ISiloStatusListener
{
    private readonly ConcurrentDictionary<TcpConnection, SiloAddress> _open = [];
    private readonly ISiloStatusOracle _silos;
    private readonly TcpCodec _codec;
    private readonly IChannelSecurity _security;
    private readonly bool _isOn;
    private readonly ILogger<ConnectionDialer> _logger;

    /// <summary>Begins to listen to who is dead.</summary>
    public ConnectionDialer(
        ISiloStatusOracle silos, TcpCodec codec, IChannelSecurity security, IOptions<TbpttGrainsOptions> options,
        ILogger<ConnectionDialer> logger)
    {
        (_silos, _codec, _security, _isOn, _logger) = (silos, codec, security, options.Value.DirectSteps, logger);
        silos.SubscribeToSiloStatusEvents(this);
    }

    /// <summary>Opens a connection to a silo.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="ask">Asks it, by message, to allow one.</param>
    /// <returns>Null where none can be opened: requests go as Orleans' messages then.</returns>
    public async Task<TcpConnection?> Open(SiloAddress silo, Func<Task<ConnectionOffer?>> ask)
    {
        if (!_isOn)
            return null;
        try
        {
            if (await ask() is not { } offer)
                return null;

            // On a new thread, because connecting blocks: for minutes where a firewall drops packets.
            var connection = await Task.Factory.StartNew(
                () => Connect(silo, offer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _open[connection] = silo;
            connection.Closed += () => _open.TryRemove(connection, out _);
            if (!connection.IsOpen)
                _open.TryRemove(connection, out _);
            if (IsDead(silo))
                connection.Break(Lost(silo));
            return connection;
        }
#pragma warning disable CA1031 // However it fails, messages remain.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNone(silo, e.Message);
            return null;
        }
    }

    /// <summary>Whether a silo is dead.</summary>
    public bool IsDead(SiloAddress silo) => _silos.IsDeadSilo(silo);

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status != SiloStatus.Dead)
            return;
        foreach (var (connection, _) in _open.Where(one => one.Value.Equals(updatedSilo)))
            connection.Break(Lost(updatedSilo));
    }

    private static ConnectionBrokenException Lost(SiloAddress silo) => new($"{silo.Endpoint} is dead");

    private TcpConnection Connect(SiloAddress silo, ConnectionOffer offer)
    {
        var socket = new Socket(silo.Endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        Stream? stream = null;
        try
        {
            socket.Connect(silo.Endpoint.Address, offer.Port);
            stream = _security.Open(ChannelSocket.Stream(socket));
            stream.Write(offer.Key);
            if (stream.ReadByte() != ChannelSocket.Welcome)
                throw new IOException("the silo did not take the key");
            ChannelSocket.WaitForEver(stream);
            return new(new(stream), _codec);
        }
        catch
        {
            stream?.Dispose();
            socket.Dispose();
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "No step connection to {Silo}, steps go as messages: {Reason}")]
    private partial void LogNone(SiloAddress silo, string reason);
}
