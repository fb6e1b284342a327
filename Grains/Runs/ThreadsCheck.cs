using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Whether a silo of the cluster has slots for the threads of a trainer, all of which are in one process.</summary>
internal static class ThreadsCheck
{
    /// <summary>Why not; null where one has, and where there is no silo with slots yet.</summary>
    public static SpecProblem? FindProblem(RunSpec spec, IReadOnlyList<LivingSilo> silos)
    {
        int threads = spec.Train.Threads, most = silos.Max(static silo => silo.Report.Draining ? (int?)null : silo.Report.Slots) ?? 0;
        return threads == 1 || most == 0 || threads <= most ? null : new(
            "train.threads", $"{threads}", $"1 to {most}, the slots of the largest silo, because a trainer's threads are all on one silo",
            "lower it, or start a silo with more --slots");
    }
}
