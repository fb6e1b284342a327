using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>What the fused engine does not compute on GPUs. A run that leaves the device to the silos computes it on CPUs.</summary>
internal static class FusedOnGpus
{
    /// <summary>Reports what of a spec for a GPU it refuses.</summary>
    public static void Check(RunSpec spec, Findings findings)
    {
        // Tensor cores make a GPU of a device that is left to the silos.
        bool needsGpu = spec.Train.UsesTensorCores;
        string where = spec.Device.Kind is null ? $"with train.precision {spec.Train.PrecisionWord}" : $"with device {spec.Device}";
        string onCpus = needsGpu ? "write precision: float32 and device: cpu" : "write device: cpu";
        if (findings.Sound("train.threads") && spec.Train.Threads > 1)
        {
            findings.Report(
                "train.threads", $"{spec.Train.Threads} {where}", "1, because threads are of a processor", $"remove it, or {onCpus}");
        }

        if (findings.Sound("tbptt.backprop") && spec.Tbptt.Backprop.IsFull && !spec.TakesWholeSequences)
        {
            findings.Report(
                "tbptt.backprop", $"{spec.Tbptt.Backprop.Word} {where}", "chunk, because its GPU kernels run no steps in pieces",
                $"change it, or {onCpus}{(needsGpu ? "" : " or engine: torch")}");
        }
    }
}
