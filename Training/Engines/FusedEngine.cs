using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>Kernels of this project.</summary>
public sealed record FusedEngine : Engine
{
    /// <inheritdoc/>
    public override string Word => FusedReplica.EngineWord;

    /// <inheritdoc/>
    public override string About => "kernels of this program, on CPUs: the same bits on every processor";

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceKind> Devices => [DeviceKind.Cpu];

    /// <inheritdoc/>
    internal override IReplica Create(ModelSpec model, LossSpec loss, DeviceName device) => new FusedReplica(model, loss);
}
