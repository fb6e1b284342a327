using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Charts;

/// <summary>What the horizontal axis of losses counts.</summary>
internal enum ChartAlignment
{
    /// <summary>Committed steps.</summary>
    Step,

    /// <summary>Time since the run's start, pauses left out.</summary>
    Time,

    /// <summary>Sequence steps: time steps × lanes that were not idle.</summary>
    Sequence,
}

/// <summary>How charts are shown: all of it stands in a page's query, so that its address shows the same view to others.</summary>
internal sealed record ChartView
{
    /// <summary>The view without a query.</summary>
    public static ChartView Default { get; } = new();

    /// <summary>What the horizontal axis counts. Query <c>x</c>: <c>step</c>, <c>time</c> or <c>sequence</c>. Default step.</summary>
    public ChartAlignment X { get; init; }

    /// <summary>Whether axes of losses and norms are logarithmic. Query <c>y</c>: <c>log</c> or <c>linear</c>. Default log.</summary>
    public bool Log { get; init; } = true;

    /// <summary>The weight of the past in a smoothed line, 0 to 0.999. Query <c>smooth</c>. Default 0.8.</summary>
    public double Smoothing { get; init; } = 0.8;

    /// <summary>The left end of the horizontal axis. Query <c>from</c>. Default the first point.</summary>
    public double? From { get; init; }

    /// <summary>The right end of the horizontal axis. Query <c>to</c>. Default the last point.</summary>
    public double? To { get; init; }

    /// <summary>The view of a query; keys of other things are left to them.</summary>
    /// <exception cref="BadHttpRequestException">A value is none of its key.</exception>
    public static ChartView Of(IQueryCollection query) => new()
    {
        X = Choice(query, "x", "step", "time", "sequence") is { } x ? Enum.Parse<ChartAlignment>(x, ignoreCase: true) : default,
        Log = Choice(query, "y", "log", "linear") is not "linear",
        Smoothing = Number(query, "smooth", 0, 0.999) ?? 0.8,
        From = Number(query, "from", -Scale.Most, Scale.Most),
        To = Number(query, "to", -Scale.Most, Scale.Most),
    };

    /// <summary>One of some words; null where the key is not given, or empty, as forms send fields that nobody filled in.</summary>
    /// <exception cref="BadHttpRequestException">The value is another.</exception>
    public static string? Choice(IQueryCollection query, string key, params string[] words)
    {
        string? value = query[key].LastOrDefault();
        if (string.IsNullOrEmpty(value))
            return null;
        return words.Contains(value) ? value
            : throw new BadHttpRequestException($"{key}: found '{value}', expected {string.Join(", ", words)}");
    }

    private static double? Number(IQueryCollection query, string key, double least, double most)
    {
        string? value = query[key].LastOrDefault();
        if (string.IsNullOrEmpty(value))
            return null;
        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= least
            && number <= most ? number
            : throw new BadHttpRequestException(least == -Scale.Most ? $"{key}: found '{value}', expected a number"
                : string.Create(CultureInfo.InvariantCulture, $"{key}: found '{value}', expected {least} to {most}"));
    }
}
