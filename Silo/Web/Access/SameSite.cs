using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>
/// Refuses requests that change something, or that cost much, and that another site made the browser send: by the origin that the browser
/// reports, and, of those that change something, because only the silo's own pages can know a form's seal or add a header.
/// </summary>
/// <param name="next">The next middleware.</param>
/// <param name="token">Verifies the seal.</param>
internal sealed class SameSite(RequestDelegate next, WebToken token)
{
    /// <summary>
    /// The header, of any value, of requests that are not forms: another site cannot add it without a preflight request, which is always
    /// refused.
    /// </summary>
    public const string Header = "X-Tbptt";

    /// <summary>The form's field that holds the seal.</summary>
    public const string Field = "seal";

    /// <summary>Passes a request on, or answers 403.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        bool works = reads && context.GetEndpoint()?.Metadata.GetMetadata<CostlyRead>() is not null;
        if (reads ? !works || IsOfThisSite(request) : IsOfThisSite(request) && await IsIntendedAsync(request))
        {
            await next(context);
            return;
        }

        if (works)
        {
            await TypedResults.Problem(
                "found a request from another site for what a silo computes, expected one of a page of this silo, or of a program; open "
                + "the run's page and choose the step there",
                statusCode: StatusCodes.Status403Forbidden, title: "Cross-site request refused").ExecuteAsync(context);
            return;
        }

        await TypedResults.Problem(
            $"found a request from another site, or without the seal of a page of this silo or the header {Header}; programs add " +
            $"'{Header}: 1'",
            statusCode: StatusCodes.Status403Forbidden, title: "Cross-site request refused").ExecuteAsync(context);
    }

    /// <summary>Programs do not report a site; a page cannot make a browser report a wrong one.</summary>
    internal static bool IsOfThisSite(HttpRequest request)
    {
        string site = request.Headers["Sec-Fetch-Site"].ToString(), origin = request.Headers.Origin.ToString();
        if (site.Length > 0)
            return site is "same-origin" or "none";
        return origin.Length == 0
            || string.Equals(origin, $"{BrowserScheme.Of(request)}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    private async Task<bool> IsIntendedAsync(HttpRequest request)
    {
        // Users without a token see the login form, so it must not contain the seal.
        if (request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return true;
        if (request.Headers.ContainsKey(Header) || TokenHandler.Of(request) is not null)
            return true;
        return request.HasFormContentType && token.IsSeal((await Forms.ReadAsync(request))[Field].ToString());
    }
}
