using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>303 to a page of this silo: what a form was sent for is done, and reloading does not do it again.</summary>
/// <param name="to">The page.</param>
internal sealed class SeeOther(string to) : IResult
{
    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = to;
        return Task.CompletedTask;
    }
}
