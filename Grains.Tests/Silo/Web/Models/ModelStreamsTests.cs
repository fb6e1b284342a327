using System.Text.RegularExpressions;

namespace Orleans.Tbptt.Tests.Silo.Web.Models;

/// <summary>The streams of a model on its page and on one of their own, as people without scripts get them.</summary>
public sealed class ModelStreamsTests : IAsyncLifetime
{
    private readonly ModelSite _site = new();

    public async ValueTask InitializeAsync()
    {
        await _site.InitializeAsync();
        foreach (int i in Enumerable.Range(1, 25))
            _site.AddStream(ModelSite.Sales, $"shop-{i:00}", rows: 1000 + i);
        _site.AddStream(ModelSite.Sales, "till", rows: 1);
        _site.AddStream(ModelSite.Shops, "other", rows: 7);
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Page_ListsTheFirstStreams_WithRowsSiloAndTimes()
    {
        var (status, page) = await _site.GetAsync($"/models/{ModelSite.Sales}");

        Assert.Equal(200, status);
        Assert.Contains("""<p class="dim" data-count>26 streams, 20 shown, by ID</p>""", page, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"shop-{i:00}"), Listed(page));
        Assert.Matches(
            """shop-01</a></th>\s*<td class="figure">1,001</td><td class="figure"><time datetime="20\d\d-[^"]*">.*</time></td>\s*"""
            + """<td class="figure">silo-2</td><td class="figure"><time datetime="20""", page);
        Assert.Contains("""data-part="/models/sales-1/streams">""", page, StringComparison.Ordinal);
        Assert.Contains("""{&quot;first&quot;: 1, &quot;rows&quot;: [{&quot;sales&quot;: 0}]}""", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Streams_AreFilteredByPartsOfTheirIds_AndShownSomeAtATime()
    {
        string page = (await _site.GetAsync($"/models/{ModelSite.Sales}?target=sales&stream=SHOP-2&rows=20")).Text;
        string next = Regex.Match((await _site.GetAsync($"/models/{ModelSite.Sales}/streams")).Text, """<a href="([^"]*)">Next</a>""")
            .Groups[1].Value.Replace("&amp;", "&", StringComparison.Ordinal);
        string second = (await _site.GetAsync(next)).Text, none = (await _site.GetAsync("/models/sales-1/streams?stream=x")).Text;

        Assert.Equal(["shop-20", "shop-21", "shop-22", "shop-23", "shop-24", "shop-25"], Listed(page));
        Assert.Contains("6 of 26 streams", page, StringComparison.Ordinal);
        Assert.Contains("""<input type="hidden" name="target" value="sales">""", page, StringComparison.Ordinal);
        Assert.Contains("""data-part="/models/sales-1/streams?stream=SHOP-2&amp;rows=20">""", page, StringComparison.Ordinal);
        Assert.Equal("/models/sales-1/streams?after=shop-20", next);
        Assert.Equal(["shop-21", "shop-22", "shop-23", "shop-24", "shop-25", "till"], Listed(second));
        Assert.Contains("""<a href="/models/sales-1/streams">First</a>""", second, StringComparison.Ordinal);
        Assert.DoesNotContain(">Next</a>", second, StringComparison.Ordinal);
        Assert.Contains("No stream fits.", none, StringComparison.Ordinal);
        Assert.Equal(400, (await _site.GetAsync($"/models/{ModelSite.Sales}?rows=7")).Status);
    }

    [Fact]
    public async Task Page_SaysWhyAModelHasNoStreams_AndPackagesOfTheSettingsHaveAPage()
    {
        string bytes = (await _site.GetAsync($"/models/{ModelSite.Bytes}")).Text;
        using var redirect = await _site.Client.GetAsync(
            new Uri("/models/elsewhere", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("The model was trained on bytes, not on a table.", bytes, StringComparison.Ordinal);
        Assert.DoesNotContain("streams-part", bytes, StringComparison.Ordinal);
        Assert.Equal((303, "/models/elsewhere/streams"), ((int)redirect.StatusCode, redirect.Headers.Location!.ToString()));
        Assert.Contains("No stream has sent a row.", (await _site.GetAsync("/models/elsewhere/streams")).Text, StringComparison.Ordinal);
        Assert.Equal(404, (await _site.GetAsync("/models/nothing-1/streams")).Status);
        Assert.Equal(404, (await _site.GetAsync("/models/a%20b/streams")).Status);
    }

    [Fact]
    public async Task Streams_AreShownAsTheyAreWhenThePartIsAskedForAgain()
    {
        _site.AddStream(ModelSite.Shops, "other", rows: 9);

        string page = (await _site.GetAsync($"/models/{ModelSite.Shops}/streams")).Text;

        Assert.Matches("""other</a></th>\s*<td class="figure">9</td>""", page);
        Assert.Contains($"""<a href="/models/{ModelSite.Shops}">{ModelSite.Shops}</a>""", page, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Listed(string page) =>
        Regex.Matches(page, """<th scope="row" class="id"><a href="/api/models/[^/]*/streams/[^"]*">([^<]*)</a>""")
            .Select(one => one.Groups[1].Value);
}
