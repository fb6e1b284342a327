using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages;

/// <summary>The cluster's silos, what they use, and their grains.</summary>
internal static class ClusterPage
{
    private const int Height = 200;

    private static readonly IHtmlContent Head = Html.Of($"""
        <th scope="col">Silo</th><th scope="col">Slots</th><th scope="col">Trainers</th><th scope="col" class="wide">Coordinators</th>
        <th scope="col">Devices</th><th scope="col" class="wide">Address</th><th scope="col" class="wide">Process</th><th scope="col" class="wide">Version</th>
        """);

    /// <summary>The page.</summary>
    /// <param name="report">The silos.</param>
    /// <param name="loads">What they use.</param>
    /// <param name="grains">Their activations.</param>
    public static HtmlPage Of(ClusterReport report, IReadOnlyList<SiloLoad> loads, IReadOnlyList<GrainCount> grains) => new("Cluster", Html.Of($"""
        <h1>Cluster {report.ClusterId}</h1>
        {Words.Live("cluster", Silos(report))}
        <div class="charts">{Html.Each(ClusterCharts.Names, name => $"{Load(ClusterCharts.Of(loads, name)!)}")}</div>
        <section class="card"><h2>Activations of grains</h2>{Words.Live("grains", Grains(report, grains))}</section>
        """))
    {
        Place = "/cluster",
    };

    /// <summary>A chart; none of GPUs where no silo knows one.</summary>
    private static IHtmlContent Load(Chart chart) => chart.IsEmpty && chart.Name.StartsWith("gpu", StringComparison.Ordinal) ? Html.None : Html.Of($"""
        <section class="card chart" aria-labelledby="{chart.Name}-title"><h2 id="{chart.Name}-title">{chart.Title}</h2>
        {Words.Live(chart.Name, ChartMarkup.Drawn(chart, Height))}
        {ChartMarkup.Downloads(chart, new($"/api/cluster/charts/{chart.Name}", []))}</section>
        """);

    private static IHtmlContent Grains(ClusterReport report, IReadOnlyList<GrainCount> grains)
    {
        var names = report.Silos.ToDictionary(silo => silo.Address, silo => silo.Name);
        var silos = grains.SelectMany(grain => grain.Silos.Keys).Distinct().OrderBy(Name, StringComparer.Ordinal).ToList();
        return grains.Count == 0 ? Html.Of($"""<p class="dim">The silos do not answer at present.</p>""")
            : Words.Table("Activations by grain type", Html.Of($"""
                <th scope="col">Grain</th><th scope="col">All</th>{Html.Each(silos, silo => $"""<th scope="col" class="wide">{Name(silo)}</th>""")}
                """), Html.Each(grains, grain => $"""
                <tr><th scope="row">{grain.Type}</th><td class="figure">{Text.Count(grain.Silos.Values.Sum())}</td>{Html.Each(silos, silo => $"""<td class="wide figure">{Text.Count(grain.Silos.GetValueOrDefault(silo))}</td>""")}</tr>

                """));

        string Name(string address) => names.GetValueOrDefault(address, address);
    }

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
        <td>{string.Join(", ", Text.Devices(silo))}</td>
        <td class="wide">{silo.Address}</td><td class="wide figure">{silo.Pid}</td><td class="wide">{silo.Version}</td></tr>

        """;

    private static IHtmlContent Name(SiloReport silo) => silo.Page.Length > 0 ? Html.Of($"""<a href="{silo.Page}">{silo.Name}</a>""")
        : Html.Of($"{silo.Name}");

    private static IHtmlContent Occupied(SiloReport silo) => silo.Slots == 0
        ? Html.Of($"coordinators only")
        : Html.Of($"""<meter min="0" max="{silo.Slots}" value="{Math.Min(silo.UsedSlots, silo.Slots)}">{silo.UsedSlots}</meter> {silo.UsedSlots} of {silo.Slots}""");

    private static IHtmlContent Trainers(SiloReport silo) => silo.Trainers.Count == 0
        ? Html.Of($"none")
        : Html.Each(silo.Trainers.GroupBy(trainer => trainer.Run), run => $"""
            <div><a href="/runs/{run.Key}">{run.Key}</a>: {(run.Count() == 1 ? "trainer" : "trainers")} {string.Join(", ", run.Select(one => one.Index))}</div>
            """);
}
