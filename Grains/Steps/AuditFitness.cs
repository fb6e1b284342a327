using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>Whether every silo computes the same bits of a run's steps.</summary>
internal static class AuditFitness
{
    /// <summary>Why the steps of a run cannot be audited, in words; null where they can.</summary>
    /// <param name="spec">Its spec.</param>
    /// <param name="device">The device of its trainers.</param>
    public static string? FindProblem(RunSpec spec, string device)
    {
        if (spec.Train.IsLocal)
        {
            return "found train.sync.mode local, expected every, because what a round's steps give is not summed and compared step by "
                + "step";
        }

        if (spec.Train.UsesTensorCores)
        {
            return $"found train.precision {spec.Train.PrecisionWord}, expected float32, because tensor cores of another compute "
                + "capability may give other bits";
        }

        var engine = Engine.Of(spec).On(new DeviceName(device));
        return engine.IsSameEverywhere ? null
            : $"found engine {engine.Word} on {device}, expected engine fused, because another engine may give other bits on another "
                + "processor";
    }
}
