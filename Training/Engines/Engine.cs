using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>
/// The engine that computes a run, and why: a function of spec and device only, so that all trainers of a run choose the same.
/// </summary>
/// <param name="Kind"><see cref="EngineKind.Fused"/> or <see cref="EngineKind.Torch"/>.</param>
/// <param name="Reason">The reason as text.</param>
public sealed record Engine(EngineKind Kind, string Reason)
{
    /// <summary>The engine's name in a spec.</summary>
    public string Name => Kind == EngineKind.Fused ? "fused" : "torch";

    /// <summary>The engine for a device: <c>cpu</c> or <c>cuda:N</c>, never <c>auto</c>.</summary>
    public static Engine For(EngineKind asked, DeviceName device) => asked switch
    {
        EngineKind.Auto when device == DeviceName.Cpu => new(EngineKind.Fused, "on CPUs, by engine: auto"),
        EngineKind.Auto => new(EngineKind.Torch, "on GPUs, by engine: auto"),
        _ => new(asked, $"by engine: {(asked == EngineKind.Fused ? "fused" : "torch")}"),
    };

    /// <summary>Creates a replica. The first replica of the torch engine loads its assembly and libtorch.</summary>
    /// <param name="spec">The run's spec, every size known.</param>
    /// <param name="device">Its device, <c>cpu</c> or <c>cuda:N</c>.</param>
    /// <exception cref="DeviceUnavailableException">This machine has no such device.</exception>
    /// <exception cref="EngineUnavailableException">The engine cannot be loaded.</exception>
    public static IReplica Open(RunSpec spec, DeviceName device) => For(spec.Engine, device).Kind == EngineKind.Fused
        ? new FusedReplica(spec.Model, spec.Train.Loss)
        : EngineLibraries.Torch.Open(spec.Model, spec.Train.Loss, device);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Reason})";
}
