using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>Redirects with 303 to a page of this silo, so that a reload does not submit the form again.</summary>
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
