using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>Access control of a silo's web server.</summary>
internal static class WebAccess
{
    private const string Policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    /// <summary>Adds the token policy: where there is a token, every endpoint requires it unless it is marked otherwise.</summary>
    public static void AddWebAccess(this IServiceCollection services, WebSettings settings)
    {
        services.AddSingleton(new WebToken(settings.Token));
        // Not AddAuthentication: its data protection would write keys for cookies into a home directory, and this login does not need them.
        services.AddAuthenticationCore(schemes =>
        {
            schemes.AddScheme<TokenHandler>(TokenHandler.Name, null);
            schemes.DefaultScheme = TokenHandler.Name;
        });
        services.AddWebEncoders();
        services.AddTransient<TokenHandler>();
        var whoKnows = new AuthorizationPolicyBuilder().RequireAssertion(context => context.User.Identity?.IsAuthenticated == true).Build();
        services.AddAuthorizationBuilder().SetFallbackPolicy(whoKnows);

        // DNS rebinding: a site may resolve its own name to 127.0.0.1, and then read pages of this silo as its own.
        // Off the loopback a silo cannot know its names; there such a site lacks the cookie, which belongs to a name.
        services.AddHostFiltering(hosts => hosts.AllowedHosts =
            settings.IsExposed ? ["*"] : ["localhost", "127.0.0.1", "[::1]", settings.Endpoint.Address.ToString()]);
    }

    /// <summary>Refuses cross-site requests, then those without a token.</summary>
    public static void UseWebAccess(this IApplicationBuilder web)
    {
        // Without a token there is nothing to know, and to ask for it would cost each request some services.
        if (web.ApplicationServices.GetRequiredService<WebToken>().IsRequired)
        {
            web.UseAuthentication();
            web.UseAuthorization();
        }

        // After the token check, so that requests without a token learn nothing and execute nothing.
        web.UseMiddleware<SameSite>();
    }

    /// <summary>Restricts pages to content of this silo, even if foreign markup gets into them.</summary>
    public static void UseSecurityHeaders(this IApplicationBuilder web) => web.Use(static (context, next) =>
    {
        // Set when the response starts, because error responses replace the headers.
        context.Response.OnStarting(AddHeaders, context);
        return next(context);
    });

    private static Task AddHeaders(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        // Not no-referrer: browsers then omit the origin of a page's own forms, which off the loopback is the only way to identify them.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
