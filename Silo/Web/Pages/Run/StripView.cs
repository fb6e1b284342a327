using System.Text;
using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Silo.Web.Feed;
using Orleans.Tbptt.Silo.Web.Markup;

namespace Orleans.Tbptt.Silo.Web.Pages.Run;

/// <summary>The strip of trainers × time: in each row a trainer's activity, and below it, as a thin line, its silo.</summary>
internal static class StripView
{
    private const int Height = 24;
    private const int Bar = 18;

    /// <summary>The number of distinct silo colours.</summary>
    private const int Colours = 6;

    /// <summary>The part.</summary>
    public static IHtmlContent Of(RunSnapshot run)
    {
        var strip = run.Strip;
        if (strip.Begin is not { } begin)
            return Html.Of(
                $"""<p class="dim">This silo did not sample the trainers while the run was training. Their interruptions are listed below.</p>""");
        int columns = Math.Max(1, (int)((strip.End - begin) / strip.Width) + 1);
        return Html.Of($"""
            <div class="strip" role="list" aria-label="What each trainer did, from {Text.Duration((strip.End - begin).TotalSeconds)} ago to now">
            {Html.Each(Enumerable.Range(0, strip.Trainers), trainer => Row(run, trainer, columns))}
            </div>
            <div class="strip-axis"><span>{Words.Time(begin)}</span><span>{strip.Width.TotalSeconds:0.##} s per column, sampled four times a second</span><span>{Words.Time(strip.End)}</span></div>
            <ul class="legend" aria-label="Colours">
            <li><i class="key compute"></i>computing</li><li><i class="key wait"></i>waiting for the others</li><li><i class="key late"></i>late</li><li><i class="key recovery"></i>recovering</li><li><i class="key unwatched"></i>not seen</li>
            {Html.Each(strip.Silos.Select((silo, index) => (silo, index)), one => $"""<li><i class="key silo-{one.index % Colours}"></i>{one.silo.Split(' ')[0]}</li>""")}
            </ul>
            """);
    }

    private static FormattableString Row(RunSnapshot run, int trainer, int columns)
    {
        var strip = run.Strip;
        var paths = new Dictionary<string, StringBuilder>();
        var lost = run.History.Interruptions.Where(one => one.IsLoss && (one.Trainers.Count == 0 || one.Trainers.Contains(trainer)))
            .ToList();
        for (int column = 0; column < columns; column++)
        {
            var cell = strip.Columns.TryGetValue(column, out var cells) && trainer < cells.Length ? cells[trainer] : null;
            if (lost.Exists(one => Overlaps(one, strip.Begin!.Value + (strip.Width * column), strip.Width)))
                Draw(paths, "recovery", column, 0, Bar);
            else if (cell is null)
                Draw(paths, "unwatched", column, 0, Bar);
            else
                Stack(paths, cell, column);
            if (cell is { Silo: >= 0 })
                Draw(paths, $"silo-{cell.Silo % Colours}", column, Bar + 1, Height);
        }

        return $"""
            <div class="strip-row" role="listitem"><span class="strip-name">trainer {trainer}</span><svg viewBox="0 0 {columns} {Height}" preserveAspectRatio="none" role="img" aria-label="{AriaLabel(run, trainer, lost)}">{Html.Each(paths, path => $"""<path class="{path.Key}" d="{path.Value}"/>""")}</svg></div>

            """;
    }

    /// <summary>The shares of the activities, stacked.</summary>
    private static void Stack(Dictionary<string, StringBuilder> paths, StripCell cell, int column)
    {
        double top = Bar;
        foreach (var (kind, count) in new[] { ("compute", cell.Compute), ("late", cell.Late), ("recovery", cell.Recovery),
            ("wait", cell.Wait) })
        {
            if (count == 0)
                continue;
            double height = (double)Bar * count / cell.Samples;
            Draw(paths, kind, column, top - height, top);
            top -= height;
        }
    }

    private static void Draw(Dictionary<string, StringBuilder> paths, string kind, int column, double top, double bottom)
    {
        if (!paths.TryGetValue(kind, out var path))
            paths[kind] = path = new();
        path.Append(System.Globalization.CultureInfo.InvariantCulture, $"M{column} {bottom:0.#}h1V{top:0.#}h-1z");
    }

    private static bool Overlaps(Interruption one, DateTimeOffset from, TimeSpan width) => one.From < from + width && one.To > from;

    private static string AriaLabel(RunSnapshot run, int trainer, List<Interruption> lost)
    {
        var cells = run.Strip.Columns.Values.Where(cells => trainer < cells.Length).Select(cells => cells[trainer]).ToList();
        int samples = Math.Max(1, cells.Sum(cell => cell.Samples));
        string silos = string.Join(", then ", cells.Where(cell => cell.Silo >= 0).Select(cell => run.Strip.Silos[cell.Silo].Split(' ')[0])
            .Aggregate(new List<string>(), (seen, silo) => seen.Count > 0 && seen[^1] == silo ? seen : [.. seen, silo]));
        return $"trainer {trainer}: computing {100 * cells.Sum(cell => cell.Compute) / samples} %, waiting " +
            $"{100 * cells.Sum(cell => cell.Wait) / samples} %, "
            + $"{Text.Plural(lost.Count, "interruption")}, on {(silos.Length > 0 ? silos : "no silo")}";
    }
}
