using System.Security.Cryptography;

namespace Orleans.Tbptt.Client.Statements;

/// <summary>Keys of ECDSA over P-256 in PEM files.</summary>
internal static class SigningKey
{
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>The ID of a key: SHA-256 of its public half (SubjectPublicKeyInfo, DER), in small hexadecimal digits.</summary>
    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    /// <summary>Reads a key.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">Its file.</param>
    /// <param name="isPrivate">Whether it has to sign.</param>
    /// <exception cref="ClientException">The file cannot be read, or has no such key.</exception>
    public static ECDsa Read(string option, string path, bool isPrivate)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(path));
            if (key.ExportParameters(isPrivate).Curve.Oid.Value == P256)
                return key;
            throw new CryptographicException("its curve is another one");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException)
        {
            key.Dispose();
            string what = isPrivate ? "a private key" : "a public key";
            throw new ClientException(
                $"{option}: found {path}, expected {what} of ECDSA over P-256 as PEM without a password ({exception.Message})",
                ExitCode.Failed, exception);
        }
    }

    /// <summary>Refuses a new key whose files exist.</summary>
    /// <exception cref="ClientException">One of them does.</exception>
    public static void EnsureNew(string path)
    {
        if (new[] { path, PublicOf(path) }.FirstOrDefault(File.Exists) is { } existing)
            throw NotNew($"found {existing}, expected no such file");
    }

    /// <summary>Makes a new key: a file that its owner alone can read, and next to it its public half, <c>.pub</c>.</summary>
    /// <exception cref="ClientException">One of the files exists, or cannot be written.</exception>
    public static ECDsa Create(string path)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Write(path, options, key.ExportPkcs8PrivateKeyPem());
            Write(PublicOf(path), new() { Mode = FileMode.CreateNew, Access = FileAccess.Write }, key.ExportSubjectPublicKeyInfoPem());
            return key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw NotNew(exception.Message, exception);
        }
    }

    private static ClientException NotNew(string found, Exception? cause = null) => new(
        $"--new-key: {found}; name a file that does not exist by --key, or leave --new-key out to sign by that key", ExitCode.Failed,
        cause);

    /// <summary>The file of the public half.</summary>
    public static string PublicOf(string path) => $"{path}.pub";

    private static void Write(string path, FileStreamOptions options, string pem)
    {
        using var file = new StreamWriter(path, options);
        file.Write(pem);
        file.Write('\n');
    }
}
