using System.Security.Cryptography;
using System.Text;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>
/// The access token of a silo's pages, and the login cookie and form seal derived from it. Every silo with the same token derives the same
/// values, so that a browser can switch between silos.
/// </summary>
internal sealed class WebToken
{
    /// <summary>The login cookie's name.</summary>
    public const string Cookie = "tbptt-login";

    private readonly byte[]? _token;
    private readonly byte[] _cookie;
    private readonly byte[] _seal;

    /// <summary>Derives the values from a token; null where none is required.</summary>
    public WebToken(string? token)
    {
        _token = token is null ? null : Digest(token);
        byte[] key = token is null ? RandomNumberGenerator.GetBytes(32) : Encoding.UTF8.GetBytes(token);
        (_cookie, _seal) = (HMACSHA256.HashData(key, "tbptt login cookie"u8), HMACSHA256.HashData(key, "tbptt form seal"u8));
    }

    /// <summary>Whether a token is required.</summary>
    public bool IsRequired => _token is not null;

    /// <summary>The login cookie's value: not the token itself, so that browser files do not contain it.</summary>
    public string CookieValue => Convert.ToHexStringLower(_cookie);

    /// <summary>The secret in the silo's forms, which no other site can know.</summary>
    public string Seal => Convert.ToHexStringLower(_seal);

    /// <summary>Whether this is the token; runs in constant time.</summary>
    public bool IsToken(string given) => _token is not null && CryptographicOperations.FixedTimeEquals(Digest(given), _token);

    /// <summary>Whether this is the login cookie's value; runs in constant time.</summary>
    public bool IsCookie(string given) => CryptographicOperations.FixedTimeEquals(Digest(given), Digest(CookieValue));

    /// <summary>Whether this is the seal of the silo's forms; runs in constant time.</summary>
    public bool IsSeal(string given) => CryptographicOperations.FixedTimeEquals(Digest(given), Digest(Seal));

    /// <summary>Hashes to equal lengths, so that the comparison does not reveal the length either.</summary>
    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
