using System.Globalization;
using Microsoft.AspNetCore.Html;
using Orleans.Tbptt.Silo.Web.Charts;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Sweeping;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Silo.Web.Pages.Sweeps;

/// <summary>Draws trials as lines over the values of what is varied, to their figure at the first rung, which all have.</summary>
internal static class ParallelCoordinates
{
    private const int Height = 260, Extent = 1_000;

    /// <summary>The best of so many trials have a colour.</summary>
    private const int Coloured = 3;

    /// <summary>The drawing.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="axes">Its parameters.</param>
    /// <param name="figure">Its figure.</param>
    /// <param name="best">The trials, best first.</param>
    public static IHtmlContent Of(SweepStatus sweep, IReadOnlyList<SweepAxis> axes, SweepAxis figure, IReadOnlyList<TrialStatus> best)
    {
        SweepAxis[] all = [.. axes, figure];
        return Html.Of($"""
            <svg class="chart" height="{Height}" overflow="visible" role="img" aria-label="{sweep.Trials.Count} trials as lines over {string.Join(", ", all.Select(axis => axis.Name))}; the table has all values">
            {Html.Each(all.Index(), one => Axis(one.Item, At(one.Index, all.Length) / 10))}
            <svg class="lines" width="100%" height="100%" viewBox="0 0 {Extent} {Extent}" preserveAspectRatio="none">
            {Html.Each(best.Index().Reverse(), one => Line(all, one.Item.Trial, one.Index))}
            </svg></svg>
            """);
    }

    private static double At(int axis, int count) => count == 1 ? 0 : (double)axis / (count - 1) * Extent;

    private static FormattableString Axis(SweepAxis axis, double percent)
    {
        string anchor = percent > 75 ? "end" : percent < 25 ? "start" : "middle";
        string x = percent.ToString("0.##", CultureInfo.InvariantCulture);
        return $"""<line class="axis" x1="{x}%" x2="{x}%" y1="0" y2="{Height}"/><text class="tick" x="{x}%" y="-2" text-anchor="{anchor}">{axis.High}</text><text class="tick" x="{x}%" y="{Height + 14}" text-anchor="{anchor}">{axis.Low}</text><text class="axis-title" x="{x}%" y="{Height + 30}" text-anchor="{anchor}">{axis.Name[(axis.Name.LastIndexOf('.') + 1)..]}</text>""";
    }

    private static FormattableString Line(SweepAxis[] axes, int trial, int rank)
    {
        var colour = rank < Coloured ? ChartColour.Of(rank) : ChartColour.Of(ChartColour.Count - 1);
        string path = string.Concat(axes.Index().Where(axis => double.IsFinite(axis.Item.Places[trial])).Select((axis, i) =>
            string.Create(CultureInfo.InvariantCulture,
                $"{(i == 0 ? 'M' : 'L')}{At(axis.Index, axes.Length):0.#} {(1 - axis.Item.Places[trial]) * Extent:0.#}")));
        return $"""<path class="line {colour.Class}" d="{path}" fill="none" stroke="{colour.Light}" stroke-width="{(rank < Coloured ? "2.4" : "0.8")}" vector-effect="non-scaling-stroke"><title>trial {trial}</title></path>""";
    }
}
