using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>What the fused engine does not compute on GPUs. A run that leaves the device to the silos computes it on CPUs.</summary>
internal static class FusedOnGpus
{
    /// <summary>Reports what of a spec for a GPU it refuses.</summary>
    public static void Check(RunSpec spec, Findings findings)
    {
        const string OrElse = "change it, or write device: cpu or engine: torch";
        string where = $"with device {spec.Device}";
        if (findings.Sound("train.threads") && spec.Train.Threads > 1)
        {
            findings.Report(
                "train.threads", $"{spec.Train.Threads} {where}", "1, because threads are of a processor",
                "remove it, or write device: cpu");
        }

        if (findings.Sound("tbptt.backprop") && spec.Tbptt.Backprop.IsFull && !spec.TakesWholeSequences)
        {
            findings.Report(
                "tbptt.backprop", $"{spec.Tbptt.Backprop.Word} {where}", "chunk, because its GPU kernels run no steps in pieces", OrElse);
        }
    }
}
