using Orleans.Tbptt.Data;
using ScottPlot;

namespace Orleans.Tbptt.Client.Plots;

/// <summary>Where time steps lie on the axis of a plot: at their dates, where they have any, else by number.</summary>
internal static class TimeAxis
{
    private const double MicrosecondsOfDay = 86_400e6;

    /// <summary>1970-01-01 as ScottPlot counts days.</summary>
    private const double Epoch = 25_569;

    /// <summary>The place of a date: in days, also before 1900, where OLE's fractions run backwards.</summary>
    /// <param name="instant">Microseconds since 1970-01-01.</param>
    public static double OfDate(double instant) => (instant / MicrosecondsOfDay) + Epoch;

    /// <summary>Whether places are dates.</summary>
    public static bool HasDates(ISequenceSet? set) => set?.Times is { AreDates: true };

    /// <summary>Writes dates along the axis.</summary>
    public static void LabelDates(Plot plot) => plot.Axes.DateTimeTicksBottom();
}
