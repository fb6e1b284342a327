using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Pages;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>What went wrong with a request: a page for people, problem details for programs.</summary>
internal static class ErrorAnswers
{
    /// <summary>After how many seconds a coordinator that does not answer is worth another try: by then, or soon after, another silo has the run.</summary>
    private const string RetrySeconds = "2";

    /// <summary>Answers where something was thrown.</summary>
    public static Task AnswerExceptionAsync(HttpContext context)
    {
        var (status, detail) = context.Features.Get<IExceptionHandlerFeature>()?.Error switch
        {
            RunNotFoundException missing => (StatusCodes.Status404NotFound, missing.Message),
            BadHttpRequestException bad => (bad.StatusCode, bad.Message),
            TimeoutException or OrleansException => (StatusCodes.Status503ServiceUnavailable, HttpMethods.IsGet(context.Request.Method)
                ? "the run's coordinator does not answer at present: a silo may have died, and another one takes its runs over within seconds"
                : "the run's coordinator does not answer at present: what you asked for may not have been done; look at the run, and ask again"),
            _ => (StatusCodes.Status500InternalServerError, "the silo's log has the cause"),
        };
        context.Response.StatusCode = status;
        return AnswerAsync(context, detail);
    }

    /// <summary>Answers where nothing was said but a status.</summary>
    public static Task AnswerStatusAsync(StatusCodeContext status) => AnswerAsync(status.HttpContext, status.HttpContext.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"nothing is at {status.HttpContext.Request.Path}",
        _ => null,
    });

    private static async Task AnswerAsync(HttpContext context, string? detail)
    {
        int status = context.Response.StatusCode;
        string title = ReasonPhrases.GetReasonPhrase(status);
        bool isPage = !context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
            && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
        bool passes = status == StatusCodes.Status503ServiceUnavailable;
        if (passes)
            context.Response.Headers.RetryAfter = RetrySeconds;

        // The browser asks again by itself, and so comes back to the run; a button's post is not to be repeated.
        if (passes && isPage && HttpMethods.IsGet(context.Request.Method))
            context.Response.Headers["Refresh"] = RetrySeconds;
        if (isPage)
            await ErrorPage.Of(status, title, detail ?? "").ExecuteAsync(context);
        else
            await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(
                new() { HttpContext = context, ProblemDetails = { Status = status, Title = title, Detail = detail } });
    }
}
