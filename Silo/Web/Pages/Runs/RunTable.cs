using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Runs;

/// <summary>The table of runs, whose rows are selected for a comparison.</summary>
internal static class RunTable
{
    /// <summary>Characters of notes in a row; the run's page has all.</summary>
    private const int NotesRoom = 60;

    /// <summary>Columns that narrow screens leave out, unless the query names columns.</summary>
    private static readonly HashSet<string> Wide = ["tags", "epoch", "losses", "speed", "submitted"];

    /// <summary>The table, its pages, and the buttons to compare.</summary>
    public static IHtmlContent Of(IReadOnlyList<RunEntry> runs, RunQuery query, Link page)
    {
        var chosen = query.Select(runs);
        int pages = Math.Max(1, (chosen.Count + query.Rows - 1) / query.Rows), number = Math.Min(query.Page, pages);
        var rows = chosen.Skip((number - 1) * query.Rows).Take(query.Rows);
        bool usual = !page.Query.Any(pair => pair.Key == "col");
        string caption = query.IsFiltered ? $"{Text.Count(chosen.Count)} of {Text.Plural(runs.Count, "run")}"
            : Text.Plural(runs.Count, "run");
        return Html.Of($"""
            <form class="card" method="get" action="/compare">
            <div class="table-head"><p class="dim" data-count>{caption}{(query.Sort is null ? ", newest first" : "")}</p>
            <p><button class="button" data-key="x">Compare selected</button>{Html.If(chosen.Count > 1, () => $"""<a href="{page.Only(RunQuery.FilterKeys).To("/compare")}">Compare all {Text.Count(chosen.Count)}</a>""")}</p></div>
            {(chosen.Count == 0 ? Html.Of($"""<p>No run fits. <a href="/">Show all runs</a>.</p>""") : Words.Table(caption, Head(query, page, usual), Html.Each(rows, run => Row(run, query, usual))))}
            {Html.If(pages > 1, () => $"{Pages(page, number, pages)}")}
            </form>
            """);
    }

    private static IHtmlContent Head(RunQuery query, Link page, bool usual)
    {
        return Html.Of($"""
            <th scope="col"><span class="hidden">Select</span></th><th scope="col">Run</th>{Html.Each(query.Columns, Title)}
            """);

        FormattableString Title(RunColumn column)
        {
            bool isSorted = query.Sort?.Name == column.Name, descends = isSorted && !query.Descending;
            string sort = isSorted ? query.Descending ? "descending" : "ascending" : "none";
            var to = page.With("sort", (descends ? "-" : "") + column.Name).Without("page");
            return $"""<th scope="col" aria-sort="{sort}" class="{Class(column, usual)}"><a href="{to}">{column.Title}</a>{(isSorted ? query.Descending ? " ▼" : " ▲" : "")}</th>""";
        }
    }

    private static FormattableString Row(RunEntry run, RunQuery query, bool usual) => $"""
        <tr data-id="{run.Id}" data-state="{run.State}"><td><input type="checkbox" name="run" value="{run.Id}" aria-label="Select {run.Id}"></td><th scope="row" class="id"><a href="/runs/{run.Id}">{run.Id}</a></th>{Html.Each(query.Columns, column => $"""<td class="{Class(column, usual)}">{Cell(run, column)}</td>""")}</tr>

        """;

    private static string Class(RunColumn column, bool usual) => usual && Wide.Contains(column.Name) ? "wide figure" : "figure";

    private static IHtmlContent Cell(RunEntry run, RunColumn column) => column.Name switch
    {
        "state" => Words.Badge(run.Info),
        "tags" => Words.Tags(run.Notes.Tags),
        "epoch" => Html.Of($"{run.Status.Epoch}/{run.Status.Epochs}"),
        "step" or "parameters" => Html.Of($"{Text.Count((long)column.Number(run)!)}"),
        "losses" => Sparkline.Of(run.Status.EpochLosses, "epoch losses", logarithmic: true),
        "loss" or "validation" => Html.Of($"{Words.Figure(column.Number(run))}"),
        "speed" => Html.Of($"{(column.Number(run) is { } rate ? $"{Text.Rate(rate)} steps/s" : "–")}"),
        "duration" => Html.Of($"{Text.Duration(run.Info.Seconds)}"),
        "submitted" => Words.Time(run.Status.SubmittedAt),
        "notes" => Html.Of($"{Text.Fit(Text.OneLine(run.Notes.Text), NotesRoom)}"),
        _ => Html.Of($"{(column.Value(run) is { Length: > 0 } value ? value : "–")}"),
    };

    private static IHtmlContent Pages(Link page, int number, int pages)
    {
        return Html.Of($"""
            <nav class="pages" aria-label="Pages of the table">{To(number - 1, "Previous", "b")}<span>Page {number} of {pages}</span>{To(number + 1, "Next", "n")}</nav>
            """);

        IHtmlContent To(int to, string name, string key) => Html.If(to >= 1 && to <= pages, () =>
            $"""<a href="{page.With("page", $"{to}")}" data-key="{key}">{name}</a>""");
    }
}
