using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Tbptt.Tests.Support.Servers;

/// <summary>An authority of a test's own that signs certificates into PEM files.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
        File.WriteAllText(Authority, _certificate.ExportCertificatePem());
    }

    /// <summary>The file with the authority's certificate.</summary>
    public string Authority => _directory.File("authority.pem");

    /// <summary>Signs a certificate and writes it, with its key, into one PEM file.</summary>
    /// <param name="name">The certificate's and the file's name.</param>
    /// <param name="valid">How long from now; negative for one that has expired.</param>
    public string Sign(string name, TimeSpan valid)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        byte[] serial = [1, .. SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)];
        using var certificate = request.Create(_certificate, now.AddDays(-1), now + valid, serial);
        string path = _directory.File($"{name}.pem");
        File.WriteAllText(path, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return path;
    }

    /// <summary>The settings of a program with a certificate of this authority.</summary>
    public IReadOnlyDictionary<string, string> Environment(string name) => new Dictionary<string, string>
    {
        ["Tbptt__Tls__Certificate"] = Sign(name, TimeSpan.FromDays(1)), ["Tbptt__Tls__Authority"] = Authority,
    };

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _directory.Dispose();
    }
}
