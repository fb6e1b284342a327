using System.Net;
using System.Net.Sockets;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Cluster;
using Orleans.Tbptt.Cluster.Membership;
using Orleans.Tbptt.Cluster.Security;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Cluster.Security;

/// <summary>Real silos over real sockets, with certificates that the test signs.</summary>
[Slow]
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority = new("ours");
    private readonly TestAuthority _stranger = new("theirs");
    private readonly List<StandingSilo> _silos = [];

    private string Membership => _directory.File("membership.db");

    [Fact(Timeout = 240_000)]
    public async Task SecuredCluster_ServesItsMembers_AndNobodyElse()
    {
        var cancellation = TestContext.Current.CancellationToken;
        // The second one's certificate leads to the authority only by another certificate, which it has to send along.
        Start("one", _authority.Environment("one"));
        Start("two", _authority.IntermediateEnvironment("two"));
        foreach (var silo in _silos)
            await silo.ReadyAsync(cancellation);
        Assert.StartsWith("on, ", _silos[0].Announced("tls"), StringComparison.Ordinal);

        var settings = ClusteringSettings.OfFile(Membership, "tbptt");
        var member = settings with { Tls = new(_authority.SignThroughIntermediate("client"), null, _authority.Authority) };
        await using var connection = await ClusterConnection.OpenAsync(member, cancellation);
        Assert.Equal(2, (await Hosts(connection)).Count);

        // Without a certificate; with one that somebody else signed; the same, trusting the authority that ours trust.
        TlsSettings[] strangers =
            [TlsSettings.None, new(_stranger.Sign("client", Day), null, _stranger.Authority),
                new(_stranger.Sign("spy", Day), null, _authority.Authority)];
        var refused = await Task.WhenAll(strangers.Select(tls =>
            Assert.ThrowsAsync<ClientException>(() => ClusterConnection.OpenAsync(settings with { Tls = tls }, cancellation))));
        Assert.All(refused, exception => Assert.Equal(ExitCode.Unreachable, exception.ExitCode));

        Assert.Equal(2, (await Hosts(connection)).Count);
        Assert.All(_silos, silo => Assert.True(silo.IsAlive));
        Assert.Contains(_silos.SelectMany(silo => silo.Lines), line => line.Contains("was refused", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task SecuredSilo_LetsAPeerGo_ThatSaysNothing()
    {
        var cancellation = TestContext.Current.CancellationToken;
        _silos.Add(StandingSilo.Start(["--runs", _directory.Path, "--connection", Membership], _authority.Environment("one")));
        await _silos[0].ReadyAsync(cancellation);

        foreach (string endpoint in _silos[0].Announced("silo").Split(" at ")[1..].Select(part => part.Split(',')[0]))
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPEndPoint.Parse(endpoint), cancellation);
            // The end of the connection, and not a byte before it.
            Assert.Equal(0, await Read(client, cancellation));
        }
    }

    [Fact]
    public void Identity_IsRefused_WhenAFileIsMissingExpiredOrNoCertificate()
    {
        string good = _authority.Sign("good", Day), expired = _authority.Sign("expired", TimeSpan.FromHours(-1)),
        text = _directory.File("text.pem");
        File.WriteAllText(text, "nothing");
        string withoutKey = _directory.File("certificate.pem");
        File.WriteAllText(withoutKey, File.ReadAllText(good).Split("-----BEGIN PRIVATE KEY-----")[0]);

        Assert.Contains($"Tbptt:Tls:Certificate: cannot use {_directory.File("none.pem")}: the file does not exist",
            Refused(new(_directory.File("none.pem"), null, _authority.Authority)), StringComparison.Ordinal);
        Assert.Contains("it expired at", Refused(new(expired, null, _authority.Authority)), StringComparison.Ordinal);
        Assert.Contains($"Tbptt:Tls:Certificate: cannot use {text}: it contains no", Refused(new(text, null, _authority.Authority)),
            StringComparison.Ordinal);
        Assert.Contains($"Tbptt:Tls:Certificate: cannot use {withoutKey}", Refused(new(withoutKey, null, _authority.Authority)),
            StringComparison.Ordinal);
        Assert.Contains($"Tbptt:Tls:Authority: cannot use {text}: it contains no", Refused(new(good, null, text)),
            StringComparison.Ordinal);
        Assert.Contains("Tbptt:Tls:Key", Refused(new(good, _directory.File("none.key"), _authority.Authority)), StringComparison.Ordinal);
        using var identity = TlsIdentity.Load(new(good, null, _authority.Authority), TimeProvider.System);
    }

    public void Dispose()
    {
        foreach (var silo in _silos)
            silo.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
        _directory.Dispose();
    }

    private void Start(string name, IReadOnlyDictionary<string, string> environment) =>
        _silos.Add(StandingSilo.Start(["--runs", _directory.Path, "--connection", Membership, "--name", name], environment));

    private static string Refused(TlsSettings settings) =>
        Assert.Throws<ClusterSettingsException>(() => TlsIdentity.Load(settings, TimeProvider.System)).Message;

    private static async Task<IReadOnlyDictionary<SiloAddress, SiloStatus>> Hosts(ClusterConnection connection) =>
        await connection.Grains.GetGrain<IManagementGrain>(0).GetHosts(true, TestContext.Current.CancellationToken);

    private static async Task<int> Read(TcpClient client, CancellationToken cancellation)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[16], cancellation);
        }
        catch (IOException)
        {
            return 0; // Reset: an end, too.
        }
    }
}
