using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Transport.Tcp;

/// <summary>Opens channels to other silos, and breaks those to silos that are dead.</summary>
internal sealed partial class ChannelDialer : ISiloStatusListener
{
    private readonly ConcurrentDictionary<StepChannel, SiloAddress> _open = [];
    private readonly ISiloStatusOracle _silos;
    private readonly ChannelCodec _codec;
    private readonly IChannelSecurity _security;
    private readonly bool _isOn;
    private readonly ILogger<ChannelDialer> _logger;

    /// <summary>Begins to listen to who is dead.</summary>
    public ChannelDialer(
        ISiloStatusOracle silos, ChannelCodec codec, IChannelSecurity security, IOptions<TbpttGrainsOptions> options, ILogger<ChannelDialer> logger)
    {
        (_silos, _codec, _security, _isOn, _logger) = (silos, codec, security, options.Value.DirectSteps, logger);
        silos.SubscribeToSiloStatusEvents(this);
    }

    /// <summary>Opens a channel to a silo.</summary>
    /// <returns>Null where there is none to be had: what is to be said goes as messages of Orleans' then.</returns>
    public async Task<StepChannel?> Open(SiloAddress silo, IExchangeService exchange, RunId run)
    {
        if (!_isOn)
            return null;
        try
        {
            if (await exchange.OpenChannel(run) is not { } offer)
                return null;

            // On a thread of its own: to connect blocks, for minutes where a firewall drops what comes.
            var channel = await Task.Factory.StartNew(() => Connect(silo, offer), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _open[channel] = silo;
            channel.Closed += () => _open.TryRemove(channel, out _);
            if (!channel.IsOpen)
                _open.TryRemove(channel, out _);
            if (IsDead(silo))
                channel.Break(Lost(silo));
            return channel;
        }
#pragma warning disable CA1031 // However it fails, the exchange is there still.
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
        foreach (var (channel, _) in _open.Where(one => one.Value.Equals(updatedSilo)))
            channel.Break(Lost(updatedSilo));
    }

    private static ChannelBrokenException Lost(SiloAddress silo) => new($"{silo.Endpoint} is dead");

    private StepChannel Connect(SiloAddress silo, ChannelOffer offer)
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

    [LoggerMessage(Level = LogLevel.Information, Message = "No channel to {Silo}, steps go as messages: {Reason}")]
    private partial void LogNone(SiloAddress silo, string reason);
}
