using Microsoft.Playwright;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Tbptt.Tests.Silo.Web.Browser;

/// <summary>The pages of a silo on another machine, as far as the browser can tell: plain HTTP, and no loopback.</summary>
[Slow]
public sealed class ExposedPageTests(ExposedSilo silo, Chromium browser) : IClassFixture<ExposedSilo>, IClassFixture<Chromium>
{
    [Theory(Timeout = 120_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Person_LogsIn_AndSteersARun(bool scripts)
    {
        await using var window = await browser.OpenAsync(scripts: scripts);
        var page = window.Page;
        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));
        await page.GotoAsync($"http://{Chromium.ElsewhereHost}:{silo.Silos.Pages[0].Port}/runs/{run}");

        await page.GetByLabel("Token").FillAsync(ExposedSilo.Token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator(".badge").First).ToHaveTextAsync("paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(page.Locator(".badge").First).ToHaveTextAsync("stopped");

        Assert.Equal(RunState.Stopped, (await silo.Silos.Coordinator(run).GetStatus()).State);
    }
}
