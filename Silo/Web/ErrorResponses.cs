using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Silo.Web.Pages;

namespace Orleans.Tbptt.Silo.Web;

/// <summary>Error responses: a page for browsers, problem details for programs.</summary>
internal static class ErrorResponses
{
    /// <summary>
    /// Seconds until a retry when a coordinator does not answer: by then, or soon after, another silo has taken the run over.
    /// </summary>
    private const string RetrySeconds = "2";

    /// <summary>Answers a request that threw an exception.</summary>
    public static Task AnswerExceptionAsync(HttpContext context)
    {
        var (status, detail) = context.Features.Get<IExceptionHandlerFeature>()?.Error switch
        {
            RunNotFoundException missing => (StatusCodes.Status404NotFound, missing.Message),
            SweepNotFoundException missing => (StatusCodes.Status404NotFound, missing.Message),
            ModelNotFoundException missing => (StatusCodes.Status404NotFound, missing.Message),
            RunUnreadableException unreadable => (StatusCodes.Status500InternalServerError, unreadable.Message),
            StreamUnavailableException unavailable => (StatusCodes.Status503ServiceUnavailable, unavailable.Message),
            BadHttpRequestException bad => (bad.StatusCode, bad.Message),
            TimeoutException or OrleansException => (StatusCodes.Status503ServiceUnavailable, HttpMethods.IsGet(context.Request.Method)
                ? "the run's coordinator does not answer: its silo may have died; another silo takes its runs over within seconds"
                : "the run's coordinator does not answer, and the request may not have been executed: check the run, and repeat " +
                    "the request"),
            _ => (StatusCodes.Status500InternalServerError, "the silo's log contains the cause"),
        };
        context.Response.StatusCode = status;
        return AnswerAsync(context, detail);
    }

    /// <summary>Answers a request that ended with a bare status code.</summary>
    public static Task AnswerStatusAsync(StatusCodeContext status) =>
        AnswerAsync(status.HttpContext, status.HttpContext.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"found nothing at {status.HttpContext.Request.Path}",
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

        // The browser reloads and so returns to the run; a form's POST must not be repeated.
        if (passes && isPage && HttpMethods.IsGet(context.Request.Method))
            context.Response.Headers["Refresh"] = RetrySeconds;
        if (isPage)
            await ErrorPage.Of(status, title, detail ?? "").ExecuteAsync(context);
        else if (!await context.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(
            new() { HttpContext = context, ProblemDetails = { Status = status, Title = title, Detail = detail } }))
        {
            // Browsers do not accept problem details; where nothing is written, the answer becomes an empty 500.
            await TypedResults.Problem(detail, statusCode: status, title: title).ExecuteAsync(context);
        }
    }
}
