using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Pages.Runs;
using Orleans.Tbptt.Specs.Comparing;

namespace Orleans.Tbptt.Tests.Silo.Web.Listing;

public sealed class RunQueryTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly IReadOnlyList<RunEntry> Runs =
    [
        Run("wave-4", RunState.Running, 0.4, "model:\n  hiddenSize: 40\nseed: 1\n"),
        Run("wave-3", RunState.Completed, 0.02, "model:\n  hiddenSize: 9\nseed: 2\n", ["best", "paper"], "for the Paper"),
        Run("noise-2", RunState.Completed, null, "seed: 10\n", ["paper"]),
        Run("noise-1", RunState.Failed, double.NaN, "model: {hiddenSize: 20}\nseed: 3\n"),
    ];

    [Theory]
    [InlineData("", "wave-4 wave-3 noise-2 noise-1")]
    [InlineData("?q=WAVE", "wave-4 wave-3")]
    [InlineData("?q=paper+for", "wave-3")]
    [InlineData("?state=completed&tag=paper", "wave-3 noise-2")]
    [InlineData("?tag=paper&tag=best", "wave-3")]
    [InlineData("?where=model.hiddenSize%3E%3D20", "wave-4 noise-1")]
    [InlineData("?where=loss%3C0.5+seed!%3D1", "wave-3")]
    [InlineData("?where=spec.seed%3D1e1", "noise-2")]
    [InlineData("?where=state%3DFAILED", "noise-1")]
    [InlineData("?sort=spec.model.hiddenSize", "wave-3 noise-1 wave-4 noise-2")]
    [InlineData("?sort=-spec.model.hiddenSize", "wave-4 noise-1 wave-3 noise-2")]
    [InlineData("?sort=loss", "wave-3 wave-4 noise-1 noise-2")]
    [InlineData("?q=nothing", "")]
    public void Query_SelectsAndSorts(string query, string expected) =>
        Assert.Equal(expected, string.Join(' ', Of(query).Select(Runs).Select(run => run.Id)));

    [Theory]
    [InlineData("?state=running%20fast", "state: found 'running fast', expected running, starting")]
    [InlineData("?where=seed", "where: found 'seed', expected a spec's key or a column")]
    [InlineData("?page=-1", "page: found '-1', expected a whole number")]
    [InlineData("?rows=7", "rows: found '7', expected 25, 100, 250, 1000")]
    public void Query_IsRefused_WhereAValueIsNoneOfItsKey(string query, string message) =>
        Assert.StartsWith(message, Assert.Throws<BadHttpRequestException>(() => Of(query)).Message, StringComparison.Ordinal);

    [Fact]
    public void Keys_InWhichRunsDiffer_AreFirst() =>
        Assert.Equal(["seed", "model.hiddenSize", "name"], RunColumn.SpecKeysOf(
            [Run("a", RunState.Running, 1, "name: x\nseed: 1\n"),
                Run("b", RunState.Running, 1, "name: x\nseed: 2\nmodel: {hiddenSize: 3}\n")]));

    [Fact]
    public void Page_ShowsTheRowsOfItsQuery_EachToBeSelected()
    {
        var link = new Link("/", [new("col", "spec.seed"), new("sort", "-loss"), new("rows", "25"), new("page", "9")]);
        var many = Enumerable.Range(0, 60).Select(run => Run($"run-{run}", RunState.Completed, run, $"seed: {run}\n")).ToList();

        string page = HtmlPage.Markup(RunTable.Of(many, Of(link.ToString()), link));

        Assert.Contains("Page 3 of 3", page, StringComparison.Ordinal);
        Assert.Equal(10, page.Split("name=\"run\"").Length - 1);
        Assert.Contains("""<a href="/?col=spec.seed&amp;sort=-loss&amp;rows=25&amp;page=2" data-key="b">Previous</a>""", page,
            StringComparison.Ordinal);
        Assert.Contains("""aria-sort="none" class="figure"><a href="/?col=spec.seed&amp;rows=25&amp;sort=spec.seed">seed</a>""", page,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Page_EscapesEveryName()
    {
        const string Hostile = "\"><script>alert(1)</script>";
        var run = Run("wave-1", RunState.Queued, 1, $"name: '{Hostile}'\n'{Hostile}': 1\n", [Hostile], Hostile);
        var link = new Link("/", [new("q", Hostile), new("where", "seed=" + Hostile), new("col", "spec." + Hostile)]);
        var query = Of("?col=notes&col=tags&col=spec.name") with { Search = Hostile, Where = Hostile, Tags = [Hostile] };

        string page =
            HtmlPage.Markup(
                Html.Of($"{FilterForm.Of([run], query, link)}{RunTable.Of([run], query with { Search = "", Tags = [] }, link)}"));

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
    }

    private static RunQuery Of(string query) =>
        RunQuery.Of(new DefaultHttpContext { Request = { QueryString = new(query.TrimStart('/')) } }.Request.Query);

    private static RunEntry Run(string id, RunState state, double? loss, string spec, string[]? tags = null, string text = "") => new(
        new(new("/runs", RunId.Parse(id)), new()
        {
            Id = id, Name = id, State = state, Epochs = 2, UpdatedAt = Now, SubmittedAt = Now, EpochLosses = loss is { } value ? [value]
                : [],
        }, Now), SpecKeys.Of(spec), new() { Tags = tags ?? [], Text = text });
}
