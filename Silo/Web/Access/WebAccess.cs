using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Silo.Configuration;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>Who may see and steer what a silo serves.</summary>
internal static class WebAccess
{
    private const string Policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    /// <summary>The dashboard of Orleans sets styles in its markup and draws pictures from data.</summary>
    private const string DashboardPolicy = Policy + "; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:";

    /// <summary>Adds the token's rule: where there is one, every endpoint that does not say otherwise is behind it.</summary>
    public static void AddWebAccess(this IServiceCollection services, WebSettings settings)
    {
        services.AddSingleton(new WebToken(settings.Token));
        // Not AddAuthentication, whose data protection would write keys into a home directory for cookies that we do not make so.
        services.AddAuthenticationCore(schemes =>
        {
            schemes.AddScheme<TokenHandler>(TokenHandler.Name, null);
            schemes.DefaultScheme = TokenHandler.Name;
        });
        services.AddWebEncoders();
        services.AddTransient<TokenHandler>();
        var everybody = new AuthorizationPolicyBuilder().RequireAssertion(_ => true).Build();
        var whoKnows = new AuthorizationPolicyBuilder().RequireAssertion(context => context.User.Identity?.IsAuthenticated == true).Build();
        services.AddAuthorizationBuilder().SetFallbackPolicy(settings.Token is null ? everybody : whoKnows);

        // A site may give its own name the address 127.0.0.1, and then read pages of this silo as if they were its own.
        // Off the loopback a silo cannot know its names; there the cookie, which belongs to a name, is what such a site does not have.
        services.AddHostFiltering(hosts => hosts.AllowedHosts =
            settings.IsExposed ? ["*"] : ["localhost", "127.0.0.1", "[::1]", settings.Endpoint.Address.ToString()]);
    }

    /// <summary>Refuses cross-site requests, then those without a token.</summary>
    public static void UseWebAccess(this WebApplication web)
    {
        web.UseAuthentication();
        web.UseAuthorization();
        // After the token: who has none learns nothing, and has nothing executed.
        web.UseMiddleware<SameSite>();
    }

    /// <summary>Keeps pages to what is ours, whatever gets into them.</summary>
    public static void UseSecurityHeaders(this IApplicationBuilder web) => web.Use(static (context, next) =>
    {
        // When the answer starts: an error's answer begins with headers of its own.
        context.Response.OnStarting(AddHeaders, context);
        return next(context);
    });

    private static Task AddHeaders(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        bool dashboard = context.Request.Path.StartsWithSegments(SiloEndpoints.DashboardPath, StringComparison.OrdinalIgnoreCase);
        headers.ContentSecurityPolicy = dashboard ? DashboardPolicy : Policy;
        headers.XContentTypeOptions = "nosniff";
        // Not no-referrer: browsers then keep the origin of a page's own forms to themselves, which off the loopback is all that tells ours from another site's.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
