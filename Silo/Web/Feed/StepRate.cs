using Orleans.Tbptt.Journals;

namespace Orleans.Tbptt.Silo.Web.Feed;

/// <summary>Steps per second of wall-clock time, interruptions included.</summary>
internal static class StepRate
{
    /// <summary>The rate of a bucket; not finite where its steps took no time that a clock can show.</summary>
    public static double Of(IReadOnlyList<StepBucket> all, int index)
    {
        double seconds = index == 0 ? all[0].Seconds : (all[index].Time - all[index - 1].Time).TotalSeconds;
        // Steps of a round are committed together, and clocks are coarse: the steps' own durations are then more accurate.
        double rate = all[index].Count / Math.Max(seconds, index == 0 || seconds <= 0 ? all[index].Seconds : 0);
        return double.IsFinite(rate) ? rate : double.NaN;
    }
}
