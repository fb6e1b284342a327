using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Orleans.Tbptt.Tests.Support.Servers;

namespace Orleans.Tbptt.Tests.Silo.Web.Browser;

/// <summary>Debian's browser, one for all tests of a class.</summary>
public sealed class Chromium : IAsyncLifetime
{
    /// <summary>
    /// A name of the loopback that the browser takes for a machine elsewhere: what it trusts, and what it reports of a page's origin, is
    /// another than on the loopback.
    /// </summary>
    internal const string ElsewhereHost = "silo.example";

    private const int Patience = 60_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens a separate window; skips the test where there is no browser.</summary>
    /// <param name="width">Its width, in pixels.</param>
    /// <param name="dark">Whether its user likes it dark.</param>
    /// <param name="scripts">Whether scripts run.</param>
    internal async Task<BrowserWindow> OpenAsync(int width = 1200, bool dark = false, bool scripts = true)
    {
        string program = ServerPrograms.Require("chromium", "chromium");
        _playwright ??= await Playwright.CreateAsync();
        // As root there is no sandbox to be had; the pages are our own.
        _browser ??= await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", $"--host-resolver-rules=MAP {ElsewhereHost} 127.0.0.1"] });
        var context = await _browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            JavaScriptEnabled = scripts,
        });
        context.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        return new(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is { } browser)
            await browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A window that takes note of whatever should not be: errors, and requests to elsewhere.</summary>
internal sealed class BrowserWindow : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _faults = [];
    private readonly IBrowserContext _context;

    public BrowserWindow(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, said) => Note(said.Type is "error" or "warning", $"console: {said.Text}");
        page.PageError += (_, error) => Note(true, $"script: {error}");
        page.Request += (_, request) => Note(!IsOurs(request.Url), $"a request to {request.Url}");
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Fails the test if anything was not as it should be.</summary>
    public void AssertClean() => Assert.Empty(_faults);

    /// <summary>Fails the test if the page is hard to use for some: contrast, names, landmarks.</summary>
    public async Task AssertAccessibleAsync()
    {
        var found = await Page.RunAxe();
        Assert.Empty(
            found.Violations.Select(violation => $"{violation.Id}: {string.Join("; ", violation.Nodes.Select(node => node.Html))}"));
    }

    /// <summary>Fails the test if one has to scroll sideways.</summary>
    public async Task AssertFitsAsync() => Assert.InRange(
        await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 0, Page.ViewportSize!.Width);

    /// <summary>Keeps a picture in <c>artifacts/web</c>, for people to look at.</summary>
    public Task KeepPictureAsync(string name) =>
        Page.ScreenshotAsync(new() { Path = Path.Combine(Folder(), $"{name}.png"), FullPage = true });

    public ValueTask DisposeAsync() => _context.DisposeAsync();

    private void Note(bool isFault, string what)
    {
        if (isFault)
            _faults.Enqueue(what);
    }

    private static bool IsOurs(string url) => new Uri(url) is { Scheme: "data" or "blob" }
        or { Host: "127.0.0.1" or Chromium.ElsewhereHost };

    private static string Folder()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orleans.Tbptt.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no solution above the tests");
        return Directory.CreateDirectory(Path.Combine(directory, "artifacts", "web")).FullName;
    }
}
