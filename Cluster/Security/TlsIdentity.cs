using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Orleans.Tbptt.Cluster.Security;

/// <summary>The certificate that this program presents, and the authority that it trusts.</summary>
/// <remarks>
/// A peer is accepted if its certificate is valid now and signed by the authority. Names are not checked: silos use addresses that change,
/// and every holder of a certificate of the authority is a member.
/// </remarks>
public sealed class TlsIdentity : IDisposable
{
    /// <summary>
    /// A peer that has not shown its certificate after this long is disconnected: it must not hold a connection for ever.
    /// </summary>
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly X509Certificate2Collection _own;
    private readonly X509Certificate2Collection _authority;
    private readonly SslStreamCertificateContext _context;

    private TlsIdentity(X509Certificate2Collection own, X509Certificate2Collection authority)
    {
        (_own, _authority) = (own, authority);
        // Offline: no network access while a connection waits.
        _context = SslStreamCertificateContext.Create(own[0], own, offline: true);
    }

    /// <summary>Reads the files.</summary>
    /// <exception cref="ClusterSettingsException">One is missing, unreadable, or of no use: expired, or without its private
    /// key.</exception>
    public static TlsIdentity Load(TlsSettings settings, TimeProvider time)
    {
        string certificate = settings.Certificate!, authority = settings.Authority!;
        if (settings.Key is { } key && !File.Exists(key))
            throw Wrong(nameof(TlsSettings.Key), key, "the file does not exist");
        var own = Read(nameof(TlsSettings.Certificate), certificate, () => ReadOwn(certificate, settings.Key ?? certificate));
        var signers = Read(nameof(TlsSettings.Authority), authority, () =>
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(authority);
            return all;
        });
        if (signers.Count == 0)
            throw Wrong(nameof(TlsSettings.Authority), authority, "it contains no PEM certificate");
        CheckTime(nameof(TlsSettings.Certificate), certificate, own[0], time);
        foreach (var signer in signers)
            CheckTime(nameof(TlsSettings.Authority), authority, signer, time);
        return new(own, signers);
    }

    /// <summary>Secures Orleans' connections: an argument of <c>UseTls</c> of silo and client.</summary>
    /// <remarks>
    /// Chain policies and certificate contexts, which carry the certificates between our own and the authority, are known to the underlying
    /// options alone. A context excludes a selection callback, which Orleans sets for each <see cref="TlsOptions.LocalCertificate"/>.
    /// </remarks>
    public void Secure(TlsOptions tls)
    {
        tls.LocalCertificate = _own[0];
        tls.RemoteCertificateMode = tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (_, _, errors) => IsMember(errors);
        tls.SslProtocols = Protocols;
        tls.HandshakeTimeout = HandshakeTimeout;
        tls.OnAuthenticateAsServer = (_, options) =>
        {
            options.ServerCertificateSelectionCallback = null;
            Complete((SslServerAuthenticationOptions)options.SslServerAuthenticationOptions);
        };
        tls.OnAuthenticateAsClient = (_, options) => Complete((SslClientAuthenticationOptions)options.SslClientAuthenticationOptions);
    }

    /// <summary>How to answer a peer that opened a connection of our own.</summary>
    public SslServerAuthenticationOptions ForAccepted() => Complete(new SslServerAuthenticationOptions
    {
        ClientCertificateRequired = true,
        EnabledSslProtocols = Protocols,
        RemoteCertificateValidationCallback = IsMember,
    });

    /// <summary>How to open a connection of our own to a peer.</summary>
    public SslClientAuthenticationOptions ForOpened() => Complete(new SslClientAuthenticationOptions
    {
        EnabledSslProtocols = Protocols,
        RemoteCertificateValidationCallback = IsMember,
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var certificate in _own.Concat(_authority))
            certificate.Dispose();
    }

    private static bool IsMember(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && IsMember(errors);

    private static bool IsMember(SslPolicyErrors errors) =>
        (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    private SslServerAuthenticationOptions Complete(SslServerAuthenticationOptions options)
    {
        (options.ServerCertificateContext, options.CertificateChainPolicy) = (_context, Policy());
        return options;
    }

    private SslClientAuthenticationOptions Complete(SslClientAuthenticationOptions options)
    {
        (options.TargetHost, options.ClientCertificateContext, options.CertificateChainPolicy) = ("tbptt", _context, Policy());
        return options;
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_authority);
        return policy;
    }

    private static X509Certificate2Collection ReadOwn(string path, string key)
    {
        var all = new X509Certificate2Collection();
        if (Path.GetExtension(path).ToLowerInvariant() is ".pfx" or ".p12")
        {
            all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, password: null);
            var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new CryptographicException("it contains no certificate with a private key");
            all.Remove(own);
            all.Insert(0, own);
            return all;
        }

        // The first certificate is this program's; the following ones lead to the authority.
        all.ImportFromPemFile(path);
        if (all.Count == 0)
            throw new CryptographicException("it contains no PEM certificate");
        all[0].Dispose();
        all[0] = X509Certificate2.CreateFromPemFile(path, key);
        return all;
    }

    private static X509Certificate2Collection Read(string name, string path, Func<X509Certificate2Collection> read)
    {
        if (!File.Exists(path))
            throw Wrong(name, path, "the file does not exist");
        try
        {
            return read();
        }
        catch (Exception exception)
            when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Wrong(name, path, exception.Message, exception);
        }
    }

    private static void CheckTime(string name, string path, X509Certificate2 certificate, TimeProvider time)
    {
        var now = time.GetUtcNow();
        if (now >= certificate.NotAfter)
            throw Wrong(name, path, $"it expired at {certificate.NotAfter.ToUniversalTime():u}; renew it");
        if (now < certificate.NotBefore)
            throw Wrong(name, path, $"it is not valid before {certificate.NotBefore.ToUniversalTime():u}");
    }

    private static ClusterSettingsException Wrong(string name, string path, string reason, Exception? inner = null) =>
        new($"{TlsSettings.Section}:{name}: cannot use {path}: {reason.ReplaceLineEndings(" ")}", inner);
}
