using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Tbptt.Client.Watching;

namespace Orleans.Tbptt.Tests.Client;

public sealed class UnansweredCauseTests : IDisposable
{
    private readonly TcpListener _silo = new(IPAddress.Loopback, 0);

    public UnansweredCauseTests() => _silo.Start();

    private Uri Gateway => new($"gwy.tcp://127.0.0.1:{((IPEndPoint)_silo.LocalEndpoint).Port}/1");

    [Fact]
    public async Task NoListedSilo_IsTheCause() =>
        Assert.Equal(new("no silo is listed as alive; start one, or look for the log of the silos that ended", false),
            await UnansweredCause.FindAsync([], tls: false));

    [Fact]
    public async Task EndedSilo_IsTheCause_WhereItsAddressRefuses()
    {
        var gateway = Gateway;
        _silo.Stop();

        Assert.Equal(
            new($"127.0.0.1:{gateway.Port} refuses connections, so the silo that is listed there has ended; start one", false),
            await UnansweredCause.FindAsync([gateway], tls: false));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PlainSilo_IsWaitedFor_UnlessThisProgramUsesTls(bool tls)
    {
        var accepting = CloseAsync();

        var cause = await UnansweredCause.FindAsync([Gateway], tls);

        await accepting;
        Assert.Equal(!tls, cause.MayPass);
        Assert.Equal(tls, cause.Text.Contains("Tbptt:Tls", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false, "secures its connections, and this program does not: set Tbptt:Tls")]
    [InlineData(true, "did not accept this program over TLS: compare Tbptt:Tls with its settings")]
    public async Task SecuredSilo_IsTheCause(bool tls, string text)
    {
        var accepting = SecureAsync();

        var cause = await UnansweredCause.FindAsync([Gateway], tls);

        await accepting;
        Assert.False(cause.MayPass);
        Assert.Contains(text, cause.Text, StringComparison.Ordinal);
    }

    public void Dispose() => _silo.Dispose();

    /// <summary>A silo that reads something that is no message of Orleans.</summary>
    private async Task CloseAsync()
    {
        using var peer = await _silo.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        Assert.True(await peer.GetStream().ReadAsync(new byte[64], TestContext.Current.CancellationToken) > 0);
    }

    private async Task SecureAsync()
    {
        using var key = ECDsa.Create();
        using var certificate = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        using var peer = await _silo.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var stream = new SslStream(peer.GetStream());
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate },
            TestContext.Current.CancellationToken);
    }
}
