using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Runs;

/// <summary>Search, filters and columns of the list of runs: a form of method GET, so that the page's address holds them.</summary>
internal static class FilterForm
{
    /// <summary>The form.</summary>
    public static IHtmlContent Of(IReadOnlyList<RunEntry> runs, RunQuery query, Link page)
    {
        var tags = runs.SelectMany(run => run.Notes.Tags).Distinct().Order(StringComparer.OrdinalIgnoreCase).ToList();
        return Html.Of($"""
            <form class="card filter" method="get" action="/" role="search">
            <label>Search <input type="search" name="q" value="{query.Search}" data-key="/"></label>
            <label>State <select name="state">{ChartMarkup.Option("", "all", query.State.Length == 0)}{Html.Each(RunQuery.States, state => $"{ChartMarkup.Option(state, state, state == query.State)}")}</select></label>
            <label>Tag <select name="tag">{ChartMarkup.Option("", "all", query.Tags.Count == 0)}{Html.Each(tags.Union(query.Tags), tag => $"{ChartMarkup.Option(tag, tag, query.Tags.Contains(tag))}")}</select></label>
            <label class="grow">Where <input name="where" value="{query.Where}" placeholder="model.hiddenSize=20 validation&lt;0.1" aria-describedby="where-help"></label>
            {Html.Each(page.Query.Where(pair => pair.Key == "sort"), pair => $"""<input type="hidden" name="sort" value="{pair.Value}">""")}
            <button class="button primary">Apply</button> <a href="/">Reset</a>
            <p class="hidden" id="where-help">Conditions on keys of the spec and on columns, separated by spaces: = != &lt; &lt;= &gt; &gt;=</p>
            {Columns(runs, query)}
            </form>
            """);
    }

    private static IHtmlContent Columns(IReadOnlyList<RunEntry> runs, RunQuery query)
    {
        var shown = query.Columns.Select(column => column.Name).ToHashSet();
        var keys = RunColumn.SpecKeysOf(runs).Select(RunColumn.Spec)
            .Concat(query.Columns.Where(column => column.IsSpec)).DistinctBy(column => column.Name);
        return Html.Of($"""
            <details class="columns-choice"><summary>Columns</summary>
            <fieldset><legend>Of the run</legend>{Html.Each(RunColumn.Fixed, Choice)}</fieldset>
            <fieldset><legend>Of the spec; those in which runs differ are first</legend>{Html.Each(keys, Choice)}</fieldset>
            <label>Rows <select name="rows">{Html.Each(RunQuery.RowCounts, count => $"{ChartMarkup.Option($"{count}", $"{count}", count == query.Rows)}")}</select></label>
            <button class="button">Apply</button></details>
            """);

        FormattableString Choice(RunColumn column) => shown.Contains(column.Name)
            ? (FormattableString)$"""<label><input type="checkbox" name="col" value="{column.Name}" checked> {column.Title}</label> """
            : $"""<label><input type="checkbox" name="col" value="{column.Name}"> {column.Title}</label> """;
    }
}
