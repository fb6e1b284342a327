using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>What is answered while a run's coordinator is between two silos.</summary>
public sealed class ErrorResponsesTests
{
    [Theory]
    [InlineData("GET", "/runs/r", "text/html", true)]
    [InlineData("POST", "/runs/r/stop", "text/html", false)]
    [InlineData("GET", "/api/runs/r", "application/json", false)]
    public async Task LostCoordinator_IsWorthAnotherTry_ThatABrowserMakesByItself(string method, string path, string accept, bool asksAgain)
    {
        var answer = await AnswerAsync(method, path, accept, new TimeoutException());

        Assert.Equal(StatusCodes.Status503ServiceUnavailable, answer.StatusCode);
        Assert.Equal("2", answer.Headers.RetryAfter);
        Assert.Equal(asksAgain ? "2" : "", answer.Headers["Refresh"].ToString());
    }

    /// <summary>A browser does not accept them: where nothing is written, the server answers with an empty 500.</summary>
    [Theory]
    [InlineData("text/html")]
    [InlineData("application/json")]
    [InlineData("image/png")]
    public async Task Api_AnswersWithProblemDetails_WhateverIsAccepted(string accept)
    {
        var answer = await AnswerAsync("GET", "/api/runs/r", accept, new RunNotFoundException("r"));

        Assert.Equal(StatusCodes.Status404NotFound, answer.StatusCode);
        Assert.StartsWith("application/problem+json", answer.ContentType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FaultOfTheSilo_IsNotAskedForAgain()
    {
        var answer = await AnswerAsync("GET", "/runs/r", "text/html", new InvalidOperationException());

        Assert.Equal(StatusCodes.Status500InternalServerError, answer.StatusCode);
        Assert.Empty(answer.Headers.RetryAfter.ToString());
        Assert.Empty(answer.Headers["Refresh"].ToString());
    }

    private static async Task<HttpResponse> AnswerAsync(string method, string path, string accept, Exception fault)
    {
        await using var services = new ServiceCollection().AddOptions().AddLogging().AddProblemDetails().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        (context.Request.Method, context.Request.Path, context.Request.Headers.Accept) = (method, path, accept);
        context.Features.Set<IExceptionHandlerFeature>(new ExceptionHandlerFeature { Error = fault });
        await ErrorResponses.AnswerExceptionAsync(context);
        return context.Response;
    }
}
