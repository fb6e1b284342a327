using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The errors on held-out data, in the units of each target.</summary>
internal static class HeldOutTable
{
    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var status = run.Status;
        return status.HeldOut is null && status.Test is null
            ? Html.Of($"""<p class="dim">No held-out data have been evaluated.</p>""")
            : Html.Of($"""{Validation(status)}{Test(status)}""");
    }

    private static IHtmlContent Validation(RunStatus status) => status.HeldOut is not { } size ? Html.None
        : Html.Of($"""<p class="dim">Validation of epoch {status.ValidationLosses.Count}, over {Text.Size(size)}.</p>{Figures(status.Metrics)}""");

    private static IHtmlContent Test(RunStatus status) => status.Test is not { Figures: var test } result ? Html.None
        : Html.Of($"""<p class="dim">Test after step {Text.Count(result.Step)}: loss {Text.Figure(test.Loss)}, over {Text.Size(test.Size)}.</p>{Figures(test.Metrics)}""");

    /// <summary>Figures as a table; <see cref="Html.None"/> where there are none of held-out data.</summary>
    public static IHtmlContent Figures(IReadOnlyList<Metric> metrics)
    {
        var table = new MetricTable(metrics.Where(metric => metric.Kind is not MetricKind.Training));
        if (table.Rows.Count == 0)
            return Html.None;
        bool hasSeries = table.Rows.Any(row => row.Series is not null);
        var head = Html.Of($"""
            {Html.If(hasSeries, () => $"""<th scope="col">Series</th>""")}<th scope="col">Target</th>{Html.Each(table.Names, name => $"""<th scope="col">{name}</th>""")}<th scope="col" class="wide">Elements</th>
            """);
        return Words.Table("Errors on held-out data", head, Html.Each(table.Rows, row => $"""
            <tr>{Html.If(hasSeries, () => $"""<td>{row.Series ?? "all"}</td>""")}<td>{row.Target}</td>{Html.Each(row.Figures, figure => $"""<td class="figure">{figure}</td>""")}<td class="wide figure">{(row.Count > 0 ? Text.Count(row.Count) : "–")}</td></tr>

            """));
    }
}
