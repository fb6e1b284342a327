using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Transport;
using Orleans.Tbptt.Grains.Transport.Tcp;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Tests.Grains.Transport.Tcp;

/// <summary>Who gets in at a silo's port for step connections, and what becomes of what is no frame.</summary>
public sealed class ConnectionListenerTests : IDisposable
{
    private static readonly RunId Run = RunId.Parse("run-1");
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _codecs = new ServiceCollection().AddSerializer().AddSingleton<TcpCodec>().BuildServiceProvider();
    private readonly SiloOccupants _occupants = new(new SiloDrain());
    private readonly ConnectionListener _listener;

    public ConnectionListenerTests() => _listener = Listener(isOn: true);

    public void Dispose()
    {
        _listener.Dispose();
        _codecs.Dispose();
    }

    [Fact]
    public void Key_LetsOneConnectionIn()
    {
        var offer = _listener.Offer(Run)!;

        using var first = Connect(offer.Port);
        first.Write(offer.Key);
        Assert.Equal(ChannelSocket.Welcome, first.ReadByte());
        using var second = Connect(offer.Port);
        second.Write(offer.Key);

        Assert.Equal(-1, End(second));
    }

    [Fact]
    public void Stranger_GetsNothing()
    {
        int port = _listener.Offer(Run)!.Port;

        using var stranger = Connect(port);
        stranger.Write(new byte[ChannelSocket.KeyBytes]);

        Assert.Equal(-1, End(stranger));
    }

    [Fact]
    public void Key_IsNoGoodAfterAWhile()
    {
        var offer = _listener.Offer(Run)!;
        _time.Advance(ConnectionAdmission.KeyLife + TimeSpan.FromSeconds(1));

        using var late = Connect(offer.Port);
        late.Write(offer.Key);

        Assert.Equal(-1, End(late));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(99, 0)]
    [InlineData((int)FrameKind.Reply, 0)]
    [InlineData((int)FrameKind.Sum, 4)]
    [InlineData((int)FrameKind.Request, -1)]
    [InlineData((int)FrameKind.Request, int.MaxValue)]
    [InlineData((int)FrameKind.Request, 3)]
    [InlineData((int)FrameKind.Parameters, 7)]
    public void Channel_EndsAtWhatIsNoFrame_AndTheNextIsServed(int kind, int bytes)
    {
        foreach (int _ in (int[])[1, 2])
        {
            var offer = _listener.Offer(Run)!;
            using var channel = Connect(offer.Port);
            channel.Write(offer.Key);
            Assert.Equal(ChannelSocket.Welcome, channel.ReadByte());

            channel.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<FrameHeader>([new((FrameKind)kind, bytes, Length: 1)]));
            channel.Write(new byte[64]);

            Assert.Equal(-1, End(channel));
        }
    }

    [Fact]
    public void Channels_End_WhenTheRunsLastTrainerLeaves()
    {
        var offer = _listener.Offer(Run)!;
        using var channel = Connect(offer.Port);
        channel.Write(offer.Key);
        Assert.Equal(ChannelSocket.Welcome, channel.ReadByte());

        _occupants.Enter(new Occupant(GrainId.Create("trainer", "0"), new(Run, 0))).Dispose();

        Assert.Equal(-1, End(channel));
    }

    [Fact]
    public void Nobody_IsOfferedAChannel_WhereTheyAreOff()
    {
        using var off = Listener(isOn: false);

        Assert.Null(off.Offer(Run));
    }

    private ConnectionListener Listener(bool isOn)
    {
        var trainers = new SiloTrainers(null!, null!, _occupants, new(Options.Create(new TbpttGrainsOptions())));
        return new(
            Options.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback }),
            Options.Create(new TbpttGrainsOptions { DirectSteps = isOn }),
            new TcpServer(trainers, _codecs.GetRequiredService<TcpCodec>()), new PlainChannels(), _occupants, _time,
            NullLogger<ConnectionListener>.Instance);
    }

    private static NetworkStream Connect(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, port);
        return ChannelSocket.Stream(socket);
    }

    /// <summary>-1 where the other end has closed or reset the connection.</summary>
    private static int End(NetworkStream stream)
    {
        try
        {
            return stream.ReadByte();
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return -1;
        }
    }
}
