using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The cluster's silos.</summary>
internal static class ClusterPage
{
    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Silo</th><th scope="col">Slots</th><th scope="col">Trainers</th><th scope="col" class="wide">Coordinators</th>
        <th scope="col">Devices</th><th scope="col" class="wide">Address</th><th scope="col" class="wide">Process</th><th scope="col" class="wide">Version</th>
        """);

    /// <summary>The page.</summary>
    public static HtmlPage Of(ClusterReport report) => new("Cluster", Html.Of($"""
        <h1>Cluster {report.ClusterId}</h1>
        {Words.Live("cluster", Silos(report))}
        <p><a href="/orleans/">Orleans' dashboard</a> shows grains, calls and counters of these silos.</p>
        """))
    {
        Place = "/cluster",
    };

    private static IHtmlContent Silos(ClusterReport report)
    {
        int slots = report.Silos.Where(silo => !silo.Draining).Sum(silo => silo.Slots);
        bool versions = report.Silos.Select(silo => silo.Version).Distinct().Count() > 1;
        return Html.Of($"""
            <dl class="figures">
            <div><dt>Silos</dt><dd>{report.Silos.Count}</dd></div>
            <div><dt>Slots</dt><dd>{slots}, {report.Silos.Sum(silo => silo.FreeSlots)} free</dd></div>
            <div><dt>Version</dt><dd>{report.Version}, protocol {report.Protocol}</dd></div>
            </dl>
            {Html.If(versions, () => $"""<p class="note warn">The silos have different versions.</p>""")}
            <section class="card">{Words.Table("Silos", Head, Html.Each(report.Silos, Row))}</section>
            """);
    }

    private static FormattableString Row(SiloReport silo) => $"""
        <tr><th scope="row">{Name(silo)}{Html.If(silo.Draining, () => $""" <span class="badge paused">about to end</span>""")}</th>
        <td>{Occupied(silo)}</td>
        <td>{Trainers(silo)}</td>
        <td class="wide">{Html.Each(silo.Coordinators, run => $"""<a href="/runs/{run}">{run}</a> """)}</td>
        <td>{string.Join(", ", silo.Devices)}</td>
        <td class="wide">{silo.Address}</td><td class="wide figure">{silo.Pid}</td><td class="wide">{silo.Version}</td></tr>

        """;

    private static IHtmlContent Name(SiloReport silo) => silo.Page.Length > 0 ? Html.Of($"""<a href="{silo.Page}">{silo.Name}</a>""")
        : Html.Of($"{silo.Name}");

    private static IHtmlContent Occupied(SiloReport silo) => silo.Slots == 0
        ? Html.Of($"coordinators only")
        : Html.Of($"""<meter min="0" max="{silo.Slots}" value="{Math.Min(silo.Trainers.Count, silo.Slots)}">{silo.Trainers.Count}</meter> {silo.Trainers.Count} of {silo.Slots}""");

    private static IHtmlContent Trainers(SiloReport silo) => silo.Trainers.Count == 0
        ? Html.Of($"none")
        : Html.Each(silo.Trainers.GroupBy(trainer => trainer.Run), run => $"""
            <div><a href="/runs/{run.Key}">{run.Key}</a>: {(run.Count() == 1 ? "trainer" : "trainers")} {string.Join(", ", run.Select(one => one.Index))}</div>
            """);
}
