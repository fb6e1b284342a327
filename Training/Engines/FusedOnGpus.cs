using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>What the fused engine has no kernels for on GPUs. A run that leaves the device to the silos computes it on CPUs.</summary>
internal static class FusedOnGpus
{
    /// <summary>The parts of a model that it refuses.</summary>
    /// <param name="model">The network.</param>
    /// <returns>The key of each, what was found, and what is expected instead.</returns>
    public static IEnumerable<(string Key, string Found, string Expected)> Refused(ModelSpec model)
    {
        if (model.Cell.Projection is { } projection)
            yield return ("model.cell.projectionSize", $"{projection}", "none");
    }

    /// <summary>Reports what of a spec for a GPU it refuses.</summary>
    public static void Check(RunSpec spec, Findings findings)
    {
        const string OrElse = "change it, or write device: cpu or engine: torch";
        string where = $"with device {spec.Device}";
        if (findings.Sound("model"))
        {
            foreach (var (key, found, expected) in Refused(spec.Model))
                findings.Report(key, $"{found} {where}", $"{expected}, because its GPU kernels do not compute it", OrElse);
        }

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
