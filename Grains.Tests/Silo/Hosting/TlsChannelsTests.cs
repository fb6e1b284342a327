using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Silo.Hosting;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Silo.Hosting;

/// <summary>Channels between silos whose connections are secured.</summary>
public sealed class TlsChannelsTests : IDisposable
{
    private readonly TestAuthority _ours = new("ours");
    private readonly TestAuthority _theirs = new("theirs");

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }

    [Fact]
    public async Task Silos_HearEachOther_AndNothingPassesInTheClear()
    {
        var (mine, other) = Pair();
        var accepting = Task.Run(() => Channels("one", _ours).Accept(mine), TestContext.Current.CancellationToken);
        using var opened = Channels("two", _ours).Open(other);
        using var accepted = await accepting;

        opened.Write("parameters"u8);
        byte[] read = new byte[10];
        accepted.ReadExactly(read);

        Assert.Equal("parameters"u8, read);
    }

    [Fact]
    public async Task Stranger_IsRefused_ByEitherSide()
    {
        foreach (var (accepts, opens) in new[] { (_ours, _theirs), (_theirs, _ours) })
        {
            var (mine, other) = Pair();
            var accepting = Task.Run(() => Channels("one", accepts).Accept(mine).ReadByte(), TestContext.Current.CancellationToken);
            var opening = Task.Run(() => Channels("two", opens).Open(other).ReadByte(), TestContext.Current.CancellationToken);

            var ends = await Task.WhenAll(Failure(accepting), Failure(opening));

            Assert.All(ends, end => Assert.True(end is AuthenticationException or IOException, $"{end}"));
            Assert.Contains(ends, end => end is AuthenticationException);
        }
    }

    [Fact]
    public async Task PeerWithoutACertificate_IsRefused()
    {
        var (mine, other) = Pair();
        using var plain = other;
        plain.Write(new byte[64]);

        var end = await Failure(Task.Run(() => Channels("one", _ours).Accept(mine).ReadByte(), TestContext.Current.CancellationToken));

        Assert.IsType<AuthenticationException>(end);
    }

    private static async Task<Exception?> Failure(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return e;
        }
    }

    private static TlsChannels Channels(string name, TestAuthority authority) =>
        new(TlsIdentity.Load(new(authority.Sign(name, TimeSpan.FromDays(1)), null, authority.Authority), TimeProvider.System));

    private static (NetworkStream, NetworkStream) Pair()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var one = new Socket(SocketType.Stream, ProtocolType.Tcp);
        one.Connect(listener.LocalEndPoint!);
        return (new(one, ownsSocket: true), new(listener.Accept(), ownsSocket: true));
    }
}
