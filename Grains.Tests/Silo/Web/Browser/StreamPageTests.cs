using System.Globalization;
using System.Text;
using Microsoft.Playwright;
using Orleans.Tbptt.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Tbptt.Tests.Silo.Web.Browser;

/// <summary>Streams of a served model in a real browser, while rows come.</summary>
[Slow]
public sealed class StreamPageTests(ServingProcesses serving, Chromium browser)
    : IClassFixture<ServingProcesses>, IClassFixture<Chromium>
{
    private const int Limit = 120_000;

    [Theory(Timeout = Limit)]
    [InlineData(360, false)]
    [InlineData(1200, true)]
    public async Task Rows_AreCountedAsTheyCome_AndStreamsFound(int width, bool dark)
    {
        using var client = serving.Silos.Client(0);
        string[] streams = [$"north-{width}", $"south-{width}"];
        foreach (string stream in streams)
            await SendAsync(client, stream, 1);
        await using var window = await browser.OpenAsync(width, dark);
        var page = window.Page;

        await page.GotoAsync($"{serving.Silos.Pages[1]}models/shops");
        await Expect(page.Locator("h1")).ToHaveTextAsync("shops");
        await page.GetByLabel("ID has").FillAsync($"{width}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        var rows = page.Locator("[data-live=streams] tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        await Expect(rows.First.Locator("td").First).ToHaveTextAsync("1");
        await page.EvaluateAsync("window.neverReloaded = true");
        await SendAsync(client, streams[0], 2);

        await Expect(rows.First.Locator("td").First).ToHaveTextAsync("2");
        await Expect(rows.First).ToContainTextAsync("silo-1");
        Assert.True(await page.EvaluateAsync<bool>("window.neverReloaded"));
        await window.AssertFitsAsync();
        await window.AssertAccessibleAsync();
        await window.KeepPictureAsync($"streams-{width}{(dark ? "-dark" : "")}");
        window.AssertClean();
    }

    private static async Task SendAsync(HttpClient client, string stream, int row)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/models/shops/streams/{stream}")
        {
            Headers = { { "X-Tbptt", "1" } },
            Content = new StringContent(
                string.Create(CultureInfo.InvariantCulture, $"{{\"first\": {row}, \"rows\": [[{100 + row}]]}}"), Encoding.UTF8,
                "application/json"),
        };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }
}
