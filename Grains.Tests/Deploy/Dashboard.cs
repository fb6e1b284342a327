using System.Text.Json;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Deploy;

/// <summary>What Grafana's dashboard asks Prometheus.</summary>
internal static class Dashboard
{
    /// <summary>Every expression, as it is in the file.</summary>
    public static IReadOnlyList<string> Expressions { get; } = [.. Targets().Select(target => target.GetProperty("expr").GetString()!)];

    /// <summary>The data sources of all expressions, by <c>uid</c>.</summary>
    public static IReadOnlyList<string> Sources { get; } =
        [.. Targets().Select(target => target.GetProperty("datasource").GetProperty("uid").GetString()!).Distinct()];

    /// <summary>The expression that Grafana sends, with all runs chosen.</summary>
    /// <param name="expression">One of <see cref="Expressions"/>.</param>
    /// <param name="rateInterval">What Grafana makes of the scrape interval and of the width of a panel; taken for the time shown,
    /// too.</param>
    public static string Sent(string expression, string rateInterval)
    {
        string sent = expression.Replace("$__rate_interval", rateInterval, StringComparison.Ordinal)
            .Replace("$__range", rateInterval, StringComparison.Ordinal)
            .Replace("$run", ".*", StringComparison.Ordinal);
        Assert.DoesNotContain("$", sent, StringComparison.Ordinal);
        return sent;
    }

    private static List<JsonElement> Targets()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(SourceTree.Of("deploy", "grafana", "dashboards", "tbptt.json")));
        return [.. file.RootElement.Clone().GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())];
    }
}
