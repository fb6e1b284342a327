using System.Net;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Silo.Web;

/// <summary>The first requests to a silo's pages, which have their pipeline built.</summary>
[Slow]
public sealed class FirstRequestTests
{
    [Fact(Timeout = 120_000)]
    public async Task AtTheSameTime_AllAreAnswered_AndLaterOnes()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var silos = await WebSilos.StartAsync(1);
        using var client = silos.Client();

        var first = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => StatusAsync()));
        var later = await StatusAsync();

        Assert.All([.. first, later], status => Assert.Equal(HttpStatusCode.OK, status));

        async Task<HttpStatusCode> StatusAsync()
        {
            using var answer = await client.GetAsync(new Uri("/api/runs", UriKind.Relative), cancellation);
            return answer.StatusCode;
        }
    }
}
