using System.Globalization;
using Microsoft.AspNetCore.Http;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>The streams of a model that a page lists.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Query">Which of them.</param>
/// <param name="List">They; null where the logs cannot be read.</param>
/// <param name="Problem">Why not; empty where they are listed.</param>
internal sealed record ModelStreams(string Model, StreamQuery Query, StreamList? List, string Problem)
{
    /// <summary>The keys of a page's query: a part of IDs, the ID to begin after, and how many.</summary>
    public const string PartKey = "stream", AfterKey = "after", MostKey = "rows";

    private const int Usual = 20;

    /// <summary>A page shows all else without them, and asks again by itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The numbers of rows to choose from.</summary>
    public static IReadOnlyList<int> RowCounts { get; } = [Usual, 100, 500];

    /// <summary>Whether some are left out by their IDs.</summary>
    public bool IsFiltered => Query.Part.Length > 0;

    /// <summary>The streams that a query asks for.</summary>
    /// <exception cref="BadHttpRequestException">A value is none of its key.</exception>
    public static async Task<ModelStreams> OfAsync(RunId model, StreamService streams, IQueryCollection query)
    {
        string most = query[MostKey].ToString();
        if (!int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out int rows))
            rows = most.Length == 0 ? Usual : 0;
        if (!RowCounts.Contains(rows))
            throw new BadHttpRequestException($"{MostKey}: found '{most}', expected {string.Join(", ", RowCounts)}");
        var asked = new StreamQuery(query[PartKey].ToString().Trim(), query[AfterKey].ToString(), rows);
        try
        {
            return new(model.Text, asked, await streams.ListAsync(model, asked, Patience), "");
        }
        catch (StreamUnavailableException exception)
        {
            return new(model.Text, asked, null, exception.Message);
        }
    }
}
