using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web;

namespace Orleans.Tbptt.Tests.Silo.Web;

public sealed class WebHostTests
{
    /// <summary>A second mapping would add the endpoints of the first one again, and every request would fit two of them.</summary>
    [Fact]
    public async Task Endpoints_AreMappedOnce_AndTheFailureIsThatOfEveryRequest()
    {
        var builder = WebHost.CreateBuilder(new SiloSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System);
        await using var web = builder.Build();
        int mapped = 0;
        WebHost.Configure(web, endpoints =>
        {
            endpoints.MapGet("/", () => "");
            mapped++;
            throw new InvalidOperationException("half of them are mapped");
        });
        var pipeline = ((IApplicationBuilder)web).Build();

        for (int request = 0; request < 2; request++)
        {
            var failure = await Assert.ThrowsAsync<InvalidOperationException>(
                () => pipeline(new DefaultHttpContext { RequestServices = web.Services }));
            Assert.Equal("half of them are mapped", failure.Message);
        }

        Assert.Equal(1, mapped);
    }
}
