using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>How a browser came: to this silo, or to a proxy with TLS before it.</summary>
internal static class BrowserScheme
{
    /// <summary>What the address in the browser begins with. Who claims TLS without a proxy only keeps his own cookie, and his own forms, from himself.</summary>
    public static string Of(HttpRequest request) =>
        string.Equals(request.Headers["X-Forwarded-Proto"].ToString(), Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase) ? Uri.UriSchemeHttps : request.Scheme;
}
