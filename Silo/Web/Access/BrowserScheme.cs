using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>The scheme that a browser used: to this silo, or to a TLS proxy in front of it.</summary>
internal static class BrowserScheme
{
    /// <summary>
    /// The scheme of the address in the browser. A client that claims TLS without a proxy only disables its own cookie and forms.
    /// </summary>
    public static string Of(HttpRequest request) =>
        string.Equals(request.Headers["X-Forwarded-Proto"].ToString(), Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase)
            ? Uri.UriSchemeHttps : request.Scheme;
}
