using System.Globalization;
using Microsoft.Playwright;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Tbptt.Tests.Silo.Web.Browser;

/// <summary>The pages as people see them, in a real browser.</summary>
[Slow]
public sealed class PageTests(LoopbackSilo silo, Chromium browser) : IClassFixture<LoopbackSilo>, IClassFixture<Chromium>
{
    private const int Limit = 120_000;

    private string RunPage => $"{silo.Silos.Pages[0]}runs/{silo.Run}";

    [Fact(Timeout = Limit)]
    public async Task Run_IsWatchedLive_FromItsStartToItsEnd()
    {
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_500, validationFraction: 0.2));
        await page.GotoAsync($"{silo.Silos.Pages[0]}runs/{run}");
        var root = page.Locator("[data-run]");

        await Expect(root).ToHaveAttributeAsync("data-state", "running");
        await Expect(page.Locator(".u-over")).ToHaveCountAsync(4);
        await page.EvaluateAsync("window.neverReloaded = true");
        await Expect(root).ToHaveAttributeAsync("data-state", "completed", new() { Timeout = 60_000 });

        await Expect(page.Locator(".badge").First).ToHaveTextAsync("completed");
        await Expect(page.Locator("[data-live=trouble]")).ToContainTextAsync("No problems");
        await Expect(page.Locator("[data-live=epochs] tbody tr").First).ToContainTextAsync("1500");
        await Expect(page.Locator("[data-live=epochs] .dim")).ToHaveTextAsync("The last 15 of 1500.");
        await Expect(page.Locator("[data-live=strip] path.compute")).ToHaveCountAsync(2);
        Assert.True(await page.EvaluateAsync<bool>("window.neverReloaded"));
        var status = await silo.Silos.Coordinator(run).GetStatus();
        await Expect(root).ToHaveAttributeAsync("data-number", $"{status.LastEvent}");
        await window.KeepPictureAsync("run-completed");
        window.AssertClean();
    }

    [Fact(Timeout = Limit)]
    public async Task Run_SaysTheEssential_AndIsSteered_WithoutScripts()
    {
        await using var window = await browser.OpenAsync(scripts: false);
        var page = window.Page;
        await page.GotoAsync(RunPage);
        await Expect(page.Locator(".badge").First).ToHaveTextAsync("completed");
        await Expect(page.Locator("[data-live=epochs] tbody tr")).ToHaveCountAsync(LoopbackSilo.Epochs);
        await Expect(page.Locator(".charts svg.chart")).ToHaveCountAsync(4);
        await Expect(page.Locator("details pre")).ToContainTextAsync("chunkLength: 10");

        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));
        await page.GotoAsync($"{silo.Silos.Pages[0]}runs/{run}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator(".badge").First).ToHaveTextAsync("paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(page.Locator(".badge").First).ToHaveTextAsync("stopped");
        Assert.Equal(RunState.Stopped, (await silo.Silos.Coordinator(run).GetStatus()).State);
        window.AssertClean();
    }

    [Fact(Timeout = Limit)]
    public async Task Runs_AreTaggedFoundSelectedAndCompared_WithoutScripts()
    {
        await using var window = await browser.OpenAsync(scripts: false);
        var page = window.Page;
        var other = await silo.Silos.TrainAsync(TestSpecs.Average(epochs: 2, validationFraction: 0.2) with { Seed = 77 });
        await page.GotoAsync($"{silo.Silos.Pages[0]}runs/{other}");
        await page.GetByText("Edit", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Tags, separated by spaces").FillAsync("baseline");
        await page.GetByLabel("Notes", new() { Exact = true }).FillAsync("of the tests");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(page.Locator(".tag")).ToHaveTextAsync("baseline");
        await Expect(page.Locator(".notes")).ToHaveTextAsync("of the tests");

        await page.Locator(".tag").ClickAsync();
        await Expect(page.Locator("main tbody tr")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new() { Name = "Reset" }).ClickAsync();
        await page.GetByText("Columns", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("seed", new() { Exact = true }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).Last.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "seed" }).ClickAsync();
        await Expect(page.Locator("main tbody tr").Last).ToContainTextAsync("77");
        await page.GetByLabel($"Select {other}").CheckAsync();
        await page.GetByLabel($"Select {silo.Run}", new() { Exact = true }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare selected" }).ClickAsync();

        await Expect(page.Locator("h1")).ToHaveTextAsync("Compare 2 runs");
        await Expect(page.Locator("svg.chart path.line")).ToHaveCountAsync(2);
        await page.GetByLabel("group by").SelectOptionAsync("spec.seed");
        await page.GetByLabel("by", new() { Exact = true }).SelectOptionAsync("time");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.Locator(".legend")).ToContainTextAsync("seed 77 (1 run)");
        await Expect(page.Locator(".axis-title").First).ToContainTextAsync("time since the start");
        window.AssertClean();
    }

    [Fact(Timeout = Limit)]
    public async Task PointOfTheLoss_ChoosesTheStepOfTheCommands()
    {
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        await page.GotoAsync(RunPage);
        var commands = page.Locator("pre [data-chosen=step]");
        long newest = long.Parse((await commands.First.TextContentAsync())!, CultureInfo.InvariantCulture);
        var loss = page.Locator("[data-chart=loss] .u-over");
        await Expect(loss).ToBeVisibleAsync();
        var box = (await loss.BoundingBoxAsync())!;

        await page.Mouse.ClickAsync(box.X + (box.Width / 2), box.Y + 20);

        await Expect(commands.First).Not.ToHaveTextAsync($"{newest}");
        string[] chosen = [.. await commands.AllTextContentsAsync()];
        Assert.Equal(3, chosen.Length);
        Assert.All(chosen, step => Assert.InRange(long.Parse(step, CultureInfo.InvariantCulture), 1, newest - 1));
        await page.Locator("[data-step-page]").ClickAsync();
        await Expect(page.Locator("h1")).ToHaveTextAsync($"Step {chosen[0]}");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Lanes" })).ToBeVisibleAsync();
        window.AssertClean();
    }

    [Fact(Timeout = Limit)]
    public async Task View_StandsInTheAddress_AndChartsAreSavedAsPictures()
    {
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        await page.GotoAsync($"{silo.Silos.Pages[0]}compare?run={silo.Run}");
        await page.GetByLabel("axis", new() { Exact = true }).SelectOptionAsync("linear");
        await Expect(page.Locator("svg.chart[data-chart-y$=linear]")).ToBeVisibleAsync();
        var box = (await page.Locator("svg.chart").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + 50);
        await Expect(page.Locator(".readout")).ToContainTextAsync($"{silo.Run}");
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width * 3 / 4), box.Y + 50);
        await page.Mouse.UpAsync();

        await page.WaitForURLAsync(url => url.Contains("y=linear", StringComparison.Ordinal)
            && url.Contains("from=", StringComparison.Ordinal));
        Assert.Contains("y=linear", await page.GetByRole(AriaRole.Link, new() { Name = "CSV" }).GetAttributeAsync("href"),
            StringComparison.Ordinal);
        var saving = page.WaitForDownloadAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "PNG" }).ClickAsync();
        var saved = await saving;
        Assert.Equal("loss.png", saved.SuggestedFilename);
        byte[] picture = await File.ReadAllBytesAsync(await saved.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], picture[..4]);
        window.AssertClean();
    }

    // Whether a page fits depends on the width, its contrasts on the dark: each value of both is tried once.
    [Theory(Timeout = Limit)]
    [InlineData(360, true)]
    [InlineData(1200, false)]
    public async Task EveryPage_IsReadable_OnAnyScreenAndInTheDark(int width, bool dark)
    {
        await using var window = await browser.OpenAsync(width, dark);
        var page = window.Page;
        string[] paths =
        [
            "", $"runs/{silo.Run}", $"compare?run={silo.Run}", "compare?state=completed", "cluster", "models", $"models/{silo.Run}",
        ];
        foreach (string path in paths)
        {
            await page.GotoAsync($"{silo.Silos.Pages[0]}{path}");
            if (path.StartsWith("runs/", StringComparison.Ordinal))
                await Expect(page.Locator(".u-over").First).ToBeVisibleAsync();
            if (path.StartsWith("compare", StringComparison.Ordinal))
                await Expect(page.Locator("svg.chart")).ToBeVisibleAsync();
            await window.AssertFitsAsync();
            await window.AssertAccessibleAsync();
            await window.KeepPictureAsync($"{(path.Length == 0 ? "runs" : path.Split('/', '?')[0])}-{width}{(dark ? "-dark" : "")}");
        }

        Assert.Equal(dark ? "rgb(14, 19, 26)" : "rgb(244, 246, 249)",
            await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        window.AssertClean();
    }

    [Fact(Timeout = Limit)]
    public async Task Run_IsAskedForAgainAndAgain_WhenNoStreamComesThrough()
    {
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        await page.RouteAsync("**/live", route => route.AbortAsync());
        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));
        await page.GotoAsync($"{silo.Silos.Pages[0]}runs/{run}");

        await Expect(page.Locator("#line")).ToContainTextAsync("Stale since");
        await Expect(page.Locator("body")).Not.ToHaveClassAsync("stale");

        await Expect(page.Locator(".u-over")).ToHaveCountAsync(4);
        string? seen = await page.Locator("[data-run]").GetAttributeAsync("data-number");
        await Expect(page.Locator("[data-run]")).Not.ToHaveAttributeAsync("data-number", seen!);
        await silo.Silos.Coordinator(run).StopRun("the test is over");
    }

    [Fact(Timeout = Limit)]
    public async Task Keyboard_ReachesTheContentFirst_AndThenEveryControl()
    {
        await using var window = await browser.OpenAsync();
        await window.Page.GotoAsync(RunPage);

        await window.Page.Keyboard.PressAsync("Tab");
        await Expect(window.Page.Locator(".skip")).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("Enter");

        await Expect(window.Page.Locator("main")).ToBeFocusedAsync();
        window.AssertClean();
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData("runs/{run}")]
    [InlineData("compare?run={run}&group=spec.seed")]
    [InlineData("cluster")]
    [InlineData("models")]
    [InlineData("models/{run}")]
    public async Task EveryControl_IsReachedByTab_AndShowsItsFocus(string path)
    {
        await using var window = await browser.OpenAsync();
        await window.Page.GotoAsync($"{silo.Silos.Pages[0]}{path.Replace("{run}", silo.Run.Text, StringComparison.Ordinal)}");
        int controls = await window.Page.EvaluateAsync<int>("""
            [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
              .filter(one => one.checkVisibility({ visibilityProperty: true }) && !one.disabled).length
            """);
        var reached = new HashSet<string>();
        for (int press = 0; press < controls; press++)
        {
            await window.Page.Keyboard.PressAsync("Tab");
            reached.Add(await window.Page.EvaluateAsync<string>("""
                (() => {
                  const one = document.activeElement, style = getComputedStyle(one);
                  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `without focus: ${one.outerHTML}`;
                  window.order ??= new Map();
                  if (!window.order.has(one)) window.order.set(one, window.order.size);
                  return `${window.order.get(one)}`;
                })()
                """));
        }

        Assert.DoesNotContain(reached, one => one.StartsWith("without", StringComparison.Ordinal));
        Assert.Equal(controls, reached.Count);
    }

    [Fact(Timeout = Limit)]
    public async Task Shortcuts_AreListed_AndLeadThroughThePages()
    {
        await using var window = await browser.OpenAsync();
        var page = window.Page;
        await page.GotoAsync(RunPage);
        await page.Keyboard.PressAsync("?");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("pause or resume a run");
        await window.AssertAccessibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();

        await page.Keyboard.PressAsync("l");
        await page.WaitForURLAsync(url => url.EndsWith("?y=linear", StringComparison.Ordinal));
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("r");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Runs");
        // The script shows this button when it listens to the keys, which is after the heading has been drawn.
        await Expect(page.Locator("[data-shortcuts]")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByLabel("Search")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("j?g");
        await Expect(page.GetByLabel("Search")).ToHaveValueAsync("j?g");
        await page.Keyboard.PressAsync("Escape");
        foreach (string key in (string[])["j", "s", "x"])
            await page.Keyboard.PressAsync(key);
        await Expect(page.Locator("h1")).ToHaveTextAsync("Compare 1 run");
        window.AssertClean();
    }

    [Fact(Timeout = Limit)]
    public async Task NewState_IsReportedPolitely()
    {
        await using var window = await browser.OpenAsync();
        var run = await silo.Silos.SubmitAsync(TestSpecs.Average(epochs: 1_000_000));
        await window.Page.GotoAsync($"{silo.Silos.Pages[0]}runs/{run}");
        await Expect(window.Page.Locator("[data-run]")).ToHaveAttributeAsync("data-state", "running");
        await silo.Silos.Coordinator(run).StopRun("the test is over");

        await Expect(window.Page.Locator("#spoken[aria-live=polite]")).ToContainTextAsync("stopped, epoch");
    }
}
