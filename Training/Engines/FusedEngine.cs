using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>Kernels of this project.</summary>
public sealed record FusedEngine : Engine
{
    private static readonly Lazy<IEngineLibrary> Gpus =
        new(() => EngineLibraries.Load("Orleans.Tbptt.Training.Gpu", "GpuEngine", "the fused engine for GPUs"));

    /// <inheritdoc/>
    public override string Word => FusedReplica.EngineWord;

    /// <inheritdoc/>
    public override string About => "kernels of this program: the same bits on every processor and GPU";

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceKind> Devices => [DeviceKind.Cpu, DeviceKind.Cuda];

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceKind> TensorCoreDevices => [DeviceKind.Cuda];

    /// <inheritdoc/>
    public override bool WorksByPieces => true;

    /// <inheritdoc/>
    public override bool IsSameEverywhere => true;

    /// <summary>Refuses what it has no kernels for.</summary>
    public override void Check(RunSpec spec, Findings findings)
    {
        if (findings.Sound("model.cell") && spec.Model.Cell is not RecurrentCell)
            Refuse("model.cell", spec.Model.Cell.Word, "cell");
        if (findings.Sound("train.loss") && spec.Train.Loss is not Loss)
            Refuse("train.loss", spec.Train.Loss.Word, "loss");
        if (spec.Device.Kind == DeviceKind.Cuda || (spec.Device.Kind is null && spec.Train.UsesTensorCores))
            FusedOnGpus.Check(spec, findings);

        void Refuse(string key, string word, string what) => findings.Report(
            key, $"{word} with engine {spec.Engine.Word}", $"a {what} that the fused engine computes",
            "choose another one, or write engine: torch");
    }

    /// <inheritdoc/>
    public override DeviceSelector FindDevices() => Gpus.Value.FindDevices();

    /// <inheritdoc/>
    public override GpuFacts? Ask(DeviceName device) => Gpus.Value.Ask(device);

    /// <inheritdoc/>
    internal override IReplica Create(
        ModelSpec model, LossSpec loss, DeviceName device, int threads = 1, PrecisionKind precision = PrecisionKind.Full) =>
        device.CudaIndex is null ? new FusedReplica(model, loss, threads) : Gpus.Value.Open(model, loss, device, precision);
}
