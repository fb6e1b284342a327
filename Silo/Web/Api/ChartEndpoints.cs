using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Comparing;
using Orleans.Tbptt.Silo.Web.Curves;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>Charts as files.</summary>
internal static class ChartEndpoints
{
    /// <summary>The content type of a chart.</summary>
    public const string Svg = "image/svg+xml; charset=utf-8";

    /// <summary>The content type of a table.</summary>
    public const string Csv = "text/csv; charset=utf-8";

    /// <summary>Maps the charts of one run.</summary>
    public static void MapCharts(this IEndpointRouteBuilder run)
    {
        run.MapGet("/charts/{chart}.svg", (string id, string chart, HttpContext context, RunCurves curves) =>
                DrawAsync(id, chart, context, curves, Svg, ChartSvg.File))
            .WithSummary("A chart of a run as SVG: loss, throughput, norm or lr. Query: x (step, time, sequence), y (log, linear), " +
                "smooth, from, to")
            .Produces<string>(contentType: "image/svg+xml");
        run.MapGet("/charts/{chart}.csv", (string id, string chart, HttpContext context, RunCurves curves) =>
                DrawAsync(id, chart, context, curves, Csv, ChartCsv.Of))
            .WithSummary("The data of a run's chart as CSV, with the same query as the SVG")
            .Produces<string>(contentType: "text/csv");
    }

    /// <summary>Maps the charts of the cluster.</summary>
    public static void MapClusterCharts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/cluster/charts/{chart}.svg", (string chart, RunCatalog catalog) =>
                DrawClusterAsync(chart, catalog, Svg, ChartSvg.File))
            .WithSummary("A chart of the silos as SVG: processor, machine, memory, threads, messages, gpu or gpu-memory")
            .Produces<string>(contentType: "image/svg+xml").ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/cluster/charts/{chart}.csv", (string chart, RunCatalog catalog) => DrawClusterAsync(chart, catalog, Csv, ChartCsv.Of))
            .WithSummary("The data of a chart of the silos as CSV")
            .Produces<string>(contentType: "text/csv").ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>Maps the charts of comparisons.</summary>
    public static void MapComparedCharts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/compare/{chart}.svg", (string chart, HttpContext context, Comparisons comparisons) =>
                CompareAsync(chart, context, comparisons, Svg, ChartSvg.File))
            .WithSummary("A chart of several runs as SVG: loss, validation, norm, throughput or lr. Query: run, repeated, or the filters " +
                "of the list of runs; group (a spec's key), x (step, time, sequence), y (log, linear), smooth, from, to")
            .Produces<string>(contentType: "image/svg+xml").ProducesProblem(StatusCodes.Status404NotFound);
        api.MapGet("/compare/{chart}.csv", (string chart, HttpContext context, Comparisons comparisons) =>
                CompareAsync(chart, context, comparisons, Csv, ChartCsv.Of))
            .WithSummary("The data of a chart of several runs as CSV, with the same query as the SVG")
            .Produces<string>(contentType: "text/csv").ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>A chart as a file that browsers save under a name.</summary>
    public static IResult File(Chart chart, string owner, string type, Func<Chart, string> write) =>
        Results.File(System.Text.Encoding.UTF8.GetBytes(write(chart)), type, $"{owner}-{chart.Name}.{(type == Svg ? "svg" : "csv")}");

    private static async Task<IResult> DrawAsync(
        string id, string chart, HttpContext context, RunCurves curves, string type, Func<Chart, string> write)
    {
        if (!RunCharts.Names.Contains(chart))
            return TypedResults.Problem($"chart: found '{chart}', expected {string.Join(", ", RunCharts.Names)}",
                statusCode: StatusCodes.Status404NotFound);
        var view = ChartView.Of(context.Request.Query);
        return File(RunCharts.Of(await curves.OfAsync(id, context.RequestAborted), chart, view)!, id, type, write);
    }

    private static async Task<IResult> DrawClusterAsync(string chart, RunCatalog catalog, string type, Func<Chart, string> write) =>
        ClusterCharts.Of(await catalog.LoadsAsync(), chart) is { } drawn ? File(drawn, "cluster", type, write)
            : TypedResults.Problem($"chart: found '{chart}', expected {string.Join(", ", ClusterCharts.Names)}",
                statusCode: StatusCodes.Status404NotFound);

    private static async Task<IResult> CompareAsync(
        string chart, HttpContext context, Comparisons comparisons, string type, Func<Chart, string> write)
    {
        var names = ComparisonQuery.Figures.Select(figure => figure.Name);
        if (!names.Contains(chart))
            return TypedResults.Problem($"chart: found '{chart}', expected {string.Join(", ", names)}",
                statusCode: StatusCodes.Status404NotFound);
        var comparison = await comparisons.OfAsync(context.Request, chart);
        return comparison.Missing.Count > 0 || comparison.Runs.Count == 0
            ? TypedResults.Problem(comparison.Missing.Count > 0 ? $"there is no run {comparison.Missing[0]}"
                : "run: found none, expected one or more, or a filter that fits some", statusCode: StatusCodes.Status404NotFound)
            : File(ComparisonChart.Of(comparison), "compare", type, write);
    }
}
