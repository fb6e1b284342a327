using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Training.Checkpoints;

/// <summary>A JSON document whose last member is the SHA-256 of the document without it: one flipped bit anywhere shows.</summary>
public static class SealedJson
{
    private const string Label = ",\n  \"sha256\": \"";
    private const string End = "\"\n}\n";
    private const int Digits = 2 * SHA256.HashSizeInBytes;

    /// <summary>Adds the seal.</summary>
    /// <param name="document">An indented object with one member at least.</param>
    public static byte[] Seal(string document)
    {
        string body = document[..document.LastIndexOf("\n}", StringComparison.Ordinal)];
        return Encoding.UTF8.GetBytes(body + Label + Digest(Encoding.UTF8.GetBytes(body)) + End);
    }

    /// <summary>The document without its seal; null when the seal is broken or there is none.</summary>
    public static string? Open(ReadOnlySpan<byte> content)
    {
        int length = content.Length - Label.Length - Digits - End.Length;
        if (length < 0)
            return null;
        var body = content[..length];
        return content[length..].SequenceEqual(Encoding.UTF8.GetBytes(Label + Digest(body) + End)) ? Encoding.UTF8.GetString(body) + "\n}"
            : null;
    }

    private static string Digest(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));
}
