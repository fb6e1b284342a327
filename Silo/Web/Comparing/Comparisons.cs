using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Silo.Web.Curves;
using Orleans.Tbptt.Silo.Web.Listing;

namespace Orleans.Tbptt.Silo.Web.Comparing;

/// <summary>Reads the runs of comparisons.</summary>
/// <param name="index">Lists the runs.</param>
/// <param name="curves">Reads their curves.</param>
internal sealed class Comparisons(RunIndex index, RunCurves curves)
{
    /// <summary>All runs, newest first.</summary>
    public Task<IReadOnlyList<RunEntry>> RunsAsync() => index.ListAsync();

    /// <summary>The comparison that a request asks for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="show">What is drawn; null where the query says so.</param>
    /// <exception cref="BadHttpRequestException">A value of the query is none of its key.</exception>
    public async Task<RunComparison> OfAsync(HttpRequest request, string? show = null)
    {
        var query = ComparisonQuery.Of(request.Query, show);
        var all = await index.ListAsync();
        var known = all.ToDictionary(run => run.Id);
        var chosen = query.Runs.Count > 0 ? [.. query.Runs.Where(known.ContainsKey).Select(id => known[id])]
            : query.Filter?.Select(all) ?? [];
        IReadOnlyList<RunEntry> runs = [.. chosen.Take(RunComparison.Most)];
        return new()
        {
            Query = query,
            Runs = runs,
            Curves = await curves.OfAsync([.. runs.Select(run => run.Status)], request.HttpContext.RequestAborted),
            Missing = [.. query.Runs.Where(id => !known.ContainsKey(id))],
            LeftOut = chosen.Count - runs.Count,
        };
    }
}
