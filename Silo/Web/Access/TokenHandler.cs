using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>Admits requests with the token, in the header <c>Authorization: Bearer</c> or the login cookie. Others get 401.</summary>
internal sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder,
    WebToken token)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>The scheme's name.</summary>
    public const string Name = "Token";

    private const string Bearer = "Bearer ";

    /// <summary>The token of the header; null where there is none.</summary>
    public static string? Of(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim() : null;

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A cookie does not make up for a wrong header.
        bool knows = Of(Request) is { } given
            ? token.IsToken(given)
            : Request.Cookies[WebToken.Cookie] is { } cookie && token.IsCookie(cookie);
        return Task.FromResult(knows
            ? AuthenticateResult.Success(new(new(new ClaimsIdentity(Name)), Name))
            : AuthenticateResult.NoResult());
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"tbptt\"";
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        return LoginEndpoints.OfferAsync(Context);
    }
}
