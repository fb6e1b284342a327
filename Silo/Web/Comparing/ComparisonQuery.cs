using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Listing;

namespace Orleans.Tbptt.Silo.Web.Comparing;

/// <summary>How runs are compared: all of it stands in the page's query.</summary>
internal sealed record ComparisonQuery
{
    /// <summary>What can be compared, with its title.</summary>
    public static IReadOnlyList<(string Name, string Title)> Figures { get; } =
    [
        ("loss", "training loss"), ("validation", "validation loss"), ("norm", "gradient norm"), ("throughput", "steps per second"),
        ("lr", "learning rate"),
    ];

    /// <summary>The runs; empty where the filters of the list of runs choose them. Query <c>run</c>, repeated.</summary>
    public IReadOnlyList<string> Runs { get; init; } = [];

    /// <summary>The runs that the filters of the list choose; null where there is no filter.</summary>
    public RunQuery? Filter { get; init; }

    /// <summary>What is drawn. Query <c>show</c>. Default loss.</summary>
    public string Show { get; init; } = "loss";

    /// <summary>The column by whose values runs are grouped; null for none. Query <c>group</c>.</summary>
    public RunColumn? Group { get; init; }

    /// <summary>The view.</summary>
    public ChartView View { get; init; } = ChartView.Default;

    /// <summary>The query of a request.</summary>
    /// <param name="query">The query.</param>
    /// <param name="show">What is drawn; null where the query says so.</param>
    /// <exception cref="BadHttpRequestException">A value is none of its key.</exception>
    public static ComparisonQuery Of(IQueryCollection query, string? show = null)
    {
        var filter = RunQuery.Of(query);
        string group = query["group"].ToString();
        return new()
        {
            // a and b are the names of the two runs in addresses of earlier versions.
            Runs = [.. query["run"].Concat(query["a"]).Concat(query["b"]).Where(run => !string.IsNullOrEmpty(run)).Select(run => run!)
                .Distinct()],
            Filter = filter.IsFiltered ? filter : null,
            Show = show ?? ChartView.Choice(query, "show", [.. Figures.Select(figure => figure.Name)]) ?? "loss",
            Group = group.Length == 0 ? null : RunColumn.Find(group)
                ?? throw new BadHttpRequestException($"group: found '{group}', expected a column or a spec's key"),
            View = ChartView.Of(query),
        };
    }
}
