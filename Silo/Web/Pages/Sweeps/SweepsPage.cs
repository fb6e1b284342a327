using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Silo.Web.Pages.Sweeps;

/// <summary>The page of all sweeps of the run store.</summary>
internal static class SweepsPage
{
    /// <summary>The page.</summary>
    /// <param name="sweeps">All sweeps, newest first.</param>
    public static HtmlPage Of(IReadOnlyList<SweepStatus> sweeps) => new("Sweeps", Html.Of($"""
        <h1>Sweeps</h1>
        {(sweeps.Count == 0
            ? Html.Of($"""<p class="card">No sweep has been submitted yet. <code>tbptt sweep SWEEP.yaml</code> searches values of a spec's keys.</p>""")
            : Html.Of($"""<section class="card">{Words.Table("sweeps", Html.Of($"""<th scope="col">Sweep</th><th scope="col">State</th><th scope="col">Trials</th><th scope="col">Strategy</th><th scope="col">Figure</th><th scope="col">Best</th><th scope="col">Started</th>"""), Html.Each(sweeps, Row))}</section>"""))}
        """))
    {
        Place = "/sweeps",
    };

    private static FormattableString Row(SweepStatus sweep) => $"""
        <tr><th scope="row" class="id"><a href="/sweeps/{sweep.Id}">{sweep.Id}</a></th><td><span class="badge {Text.State(sweep.State)}">{Text.State(sweep.State)}</span></td><td class="figure">{sweep.Trials.Count(trial => trial.Figures.Count > 0)}/{sweep.Planned}</td><td>{sweep.Strategy}</td><td>{sweep.Metric}</td><td class="figure">{Words.Figure(SweepPage.BestOf(sweep) is { } best ? SweepPage.Last(best) : null)}</td><td>{Words.Time(sweep.SubmittedAt)}</td></tr>

        """;
}
