using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>
/// The token that opens a silo's pages, and what is derived from it: a login cookie and the seal of forms. Every silo with the same token derives the same,
/// so that a browser may be sent from one to another.
/// </summary>
internal sealed class WebToken
{
    /// <summary>The login cookie's name.</summary>
    public const string Cookie = "tbptt-login";

    private readonly byte[]? _token;
    private readonly byte[] _cookie;
    private readonly byte[] _seal;

    /// <summary>Takes a token; null where none is asked for.</summary>
    public WebToken(string? token)
    {
        _token = token is null ? null : Digest(token);
        byte[] key = token is null ? RandomNumberGenerator.GetBytes(32) : Encoding.UTF8.GetBytes(token);
        (_cookie, _seal) = (HMACSHA256.HashData(key, "tbptt login cookie"u8), HMACSHA256.HashData(key, "tbptt form seal"u8));
    }

    /// <summary>Whether a token is asked for at all.</summary>
    public bool IsRequired => _token is not null;

    /// <summary>What the login cookie says: not the token itself, which nobody needs to find in a browser's files.</summary>
    public string CookieValue => Convert.ToHexStringLower(_cookie);

    /// <summary>What a form of ours carries, and no other site can know.</summary>
    public string Seal => Convert.ToHexStringLower(_seal);

    /// <summary>Whether this is the token; takes the same time whatever it is.</summary>
    public bool IsToken(string given) => _token is not null && CryptographicOperations.FixedTimeEquals(Digest(given), _token);

    /// <summary>Whether this is the login cookie's value; takes the same time whatever it is.</summary>
    public bool IsCookie(string given) => CryptographicOperations.FixedTimeEquals(Digest(given), Digest(CookieValue));

    /// <summary>Whether this is the seal of a form of ours; takes the same time whatever it is.</summary>
    public bool IsSeal(string given) => CryptographicOperations.FixedTimeEquals(Digest(given), Digest(Seal));

    /// <summary>Equal lengths, so that a comparison does not tell the length either.</summary>
    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
