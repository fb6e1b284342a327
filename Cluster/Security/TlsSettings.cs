using Microsoft.Extensions.Configuration;

namespace Orleans.Tbptt.Cluster.Security;

/// <summary>The certificates of connections between silos, and between clients and silos. Either all are secured or none.</summary>
/// <param name="Certificate">A PEM or PFX file: this program's own certificate, shown to every peer.</param>
/// <param name="Key">A PEM file with the certificate's private key, where the certificate's file does not hold it.</param>
/// <param name="Authority">A PEM file: a peer's certificate has to be signed by one of these.</param>
public sealed record TlsSettings(string? Certificate, string? Key, string? Authority)
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Tbptt:Tls";

    /// <summary>Plain connections.</summary>
    public static TlsSettings None { get; } = new(null, null, null);

    /// <summary>Whether connections are secured.</summary>
    public bool IsOn => Certificate is not null;

    /// <summary>Reads the section.</summary>
    /// <exception cref="ClusterSettingsException">It is incomplete.</exception>
    public static TlsSettings Read(IConfiguration configuration)
    {
        string? certificate = Value(nameof(Certificate)), key = Value(nameof(Key)), authority = Value(nameof(Authority));
        if (certificate is null && (key ?? authority) is not null)
            throw Missing(nameof(Certificate));
        if (certificate is not null && authority is null)
            throw Missing(nameof(Authority));
        return new(certificate, key, authority);

        string? Value(string name) => configuration[$"{Section}:{name}"] is { Length: > 0 } path ? Path.GetFullPath(path) : null;
    }

    private static ClusterSettingsException Missing(string name) =>
        new($"{Section}:{name}: missing, expected a file; secured connections take {Section}:{nameof(Certificate)} and " +
            $"{Section}:{nameof(Authority)}");
}
