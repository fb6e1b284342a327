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
        var now = TimeProvider.System.GetUtcNow();
        _certificate = Signer(name, _key).CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
        File.WriteAllText(Authority, _certificate.ExportCertificatePem());
    }

    /// <summary>The file with the authority's certificate.</summary>
    public string Authority => _directory.File("authority.pem");

    /// <summary>Signs a certificate and writes it, with its key, into one PEM file.</summary>
    /// <param name="name">The certificate's and the file's name.</param>
    /// <param name="valid">How long from now; negative for one that has expired.</param>
    public string Sign(string name, TimeSpan valid)
    {
        string path = _directory.File($"{name}.pem");
        File.WriteAllText(path, Leaf(name, valid, _certificate));
        return path;
    }

    /// <summary>
    /// Signs an intermediate authority, and by it a certificate; writes both, with the certificate's key, into one PEM file.
    /// </summary>
    public string SignThroughIntermediate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var signed = Signer($"{name}-intermediate", key)
            .Create(_certificate, now.AddDays(-1), now.AddDays(1), Serial($"{name}-intermediate"));
        using var intermediate = signed.CopyWithPrivateKey(key);
        string path = _directory.File($"{name}.pem");
        File.WriteAllText(path, Leaf(name, TimeSpan.FromHours(1), intermediate) + intermediate.ExportCertificatePem() + "\n");
        return path;
    }

    /// <summary>The settings of a program with a certificate that an intermediate of this authority has signed.</summary>
    public IReadOnlyDictionary<string, string> IntermediateEnvironment(string name) => new Dictionary<string, string>
    {
        ["Tbptt__Tls__Certificate"] = SignThroughIntermediate(name), ["Tbptt__Tls__Authority"] = Authority,
    };

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

    private static CertificateRequest Signer(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    private static string Leaf(string name, TimeSpan valid, X509Certificate2 signer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .Create(signer, now.AddDays(-1) < signer.NotBefore ? signer.NotBefore : now.AddDays(-1), now + valid, Serial(name));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    private static byte[] Serial(string name) => [1, .. SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)];
}
