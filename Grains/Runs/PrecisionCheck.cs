using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Grains.Runs;

/// <summary>Whether a silo of the cluster has a GPU, where a run's products are to be computed by tensor cores.</summary>
internal static class PrecisionCheck
{
    /// <summary>Why none has; null where one has, where the run needs none, and where there is no silo with slots yet.</summary>
    public static SpecProblem? FindProblem(RunSpec spec, IReadOnlyList<LivingSilo> silos)
    {
        var offering = silos.Where(static silo => !silo.Report.Draining && silo.Report.Slots > 0).ToList();
        bool isFound = offering.Exists(
            static silo => silo.Report.Devices.Any(static device => new DeviceName(device).Kind == DeviceKind.Cuda));
        string all = $"{offering.Count} {(offering.Count == 1 ? "silo" : "silos")}";
        return !spec.Train.UsesTensorCores || offering.Count == 0 || isFound ? null : new(
            "train.precision", $"{spec.Train.PrecisionWord}, but no GPU on any of {all}",
            "a silo with an NVIDIA GPU, because nothing else computes products by tensor cores",
            "start a silo on a machine with one, or write precision: float32");
    }
}
