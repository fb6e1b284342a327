using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Grains.Steps;

/// <summary>
/// With libtorch a CPU and a GPU round differently: where the trainers live would show in the result. So a run keeps to one kind of device,
/// unless its engine has the same bits on both.
/// </summary>
internal static class DeviceKinds
{
    /// <summary>
    /// The silos whose devices are of the run's kind: GPUs where there are any, unless the run is bound to CPUs. Where the run names a
    /// device, those that have not lost it.
    /// </summary>
    /// <param name="silos">The silos.</param>
    /// <param name="asked">The spec's device; the kind matters only where it leaves the choice.</param>
    /// <param name="kind">The kind that the run is bound to, <see cref="Bound"/>; empty where it is to none.</param>
    public static IReadOnlyList<LivingSilo> Suitable(IReadOnlyList<LivingSilo> silos, DeviceName asked, string kind)
    {
        if (asked != DeviceName.Auto)
            return [.. silos.Where(silo => !silo.Report.LostDevices.Contains(asked.Text))];
        if (kind.Length == 0)
            kind = silos.Any(silo => Of(silo) != DeviceName.Cpu.Text) ? "cuda" : DeviceName.Cpu.Text;
        return [.. silos.Where(silo => Of(silo) == kind)];
    }

    /// <summary>
    /// The kind of device that a run must keep to, of those that it computes on; empty where its engine leaves it free. A run that uses
    /// tensor cores is bound to GPUs from the start.
    /// </summary>
    public static string Bound(RunSpec spec, string kind) =>
        spec.Train.UsesTensorCores ? DeviceKind.Cuda.Word : Mixes(spec) ? "" : kind;

    /// <summary>The kind that all trainers compute on; that of the first one where the engine leaves it free.</summary>
    /// <exception cref="RunLeftException">They compute on several, and the engine does not.</exception>
    public static string Same(IReadOnlyList<TrainerStatus> trainers, RunSpec spec)
    {
        string[] kinds = [.. trainers.Select(trainer => Kind(trainer.Device)).Distinct()];
        return kinds.Length == 1 || Mixes(spec) ? kinds[0] : throw new RunLeftException(
            RunState.Failed,
            $"the silos offer unlike devices, {string.Join(" and ", kinds)}, whose results differ in their last bits; set device to " +
            "one of them");
    }

    /// <summary>The engine that all trainers compute with, and why.</summary>
    /// <param name="trainers">The trainers, each in its place on devices of one kind.</param>
    /// <param name="spec">The run's spec.</param>
    /// <exception cref="RunLeftException">One computes with another engine than the spec selects on their devices.</exception>
    public static string SameEngine(IReadOnlyList<TrainerStatus> trainers, RunSpec spec)
    {
        var (engine, device) = (Engine.Of(spec), new DeviceName(trainers[0].Device));
        var other = trainers.FirstOrDefault(trainer => trainer.Engine != engine.On(device).Word);
        return other is null ? engine.Explain(device)
            : throw new RunLeftException(
                RunState.Failed,
                $"trainer {other.Index} on {other.Silo} does not compute with engine {engine.Explain(device)}, expected the same engine "
                + "for all: its silo is of another version; start silos of one version");
    }

    private static bool Mixes(RunSpec spec) => Engine.Of(spec).MixesDevices && !spec.Train.UsesTensorCores;

    private static string Of(LivingSilo silo) => Kind(silo.Report.Devices[0]);

    /// <summary>The kind of a device: <c>cpu</c> or <c>cuda</c>.</summary>
    public static string Kind(string device) => device.Split(':')[0];
}
