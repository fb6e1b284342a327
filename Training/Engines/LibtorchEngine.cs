using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Engines;

/// <summary>libtorch, whose bits depend on the kind of device and processor.</summary>
public sealed record LibtorchEngine : Engine
{
    /// <summary>The engine's word.</summary>
    public const string EngineWord = "torch";

    private static readonly Lazy<IEngineLibrary> Library =
        new(() => EngineLibraries.Load("Orleans.Tbptt.Training.Torch", "TorchEngine", "libtorch"));

    /// <inheritdoc/>
    public override string Word => EngineWord;

    /// <inheritdoc/>
    public override string About => "libtorch";

    /// <inheritdoc/>
    public override IReadOnlyList<DeviceKind> Devices => [DeviceKind.Cpu, DeviceKind.Cuda];

    /// <summary>Refuses what <c>torch.nn</c> does not have.</summary>
    public override void Check(RunSpec spec, Findings findings)
    {
        string where = spec.Engine == this ? $"engine {Word}" : $"device {spec.Device}";
        foreach (string key in findings.Sound("model.cell") ? spec.Model.Cell.KeysWithoutTorch : [])
            RefuseKey($"model.cell.{key}");
        if (findings.Sound("model.cell") && spec.Model.Cell is { TorchModule: null, KeysWithoutTorch: [] })
            Refuse("model.cell", spec.Model.Cell.Word, "cell");
        if (findings.Sound("train.loss") && spec.Train.Loss.TorchFunction is null)
            Refuse("train.loss", spec.Train.Loss.Word, "loss");
        foreach (string key in findings.Sound("train.loss") ? spec.Train.Loss.KeysWithoutTorch : [])
            RefuseKey($"train.loss.{key}");

        if (findings.Sound("metrics.gradientLag") && spec.Metrics.GradientLag > 0
            && !(spec.Model.Cell is RecurrentCell && spec.Train.Loss is Loss))
        {
            findings.Report("metrics.gradientLag", $"{spec.Metrics.GradientLag} with a cell or loss of engine {Word} alone",
                "0, because the fused engine measures it", "remove it");
        }

        if (findings.Sound("train.threads") && spec.Train.Threads > 1)
        {
            findings.Report("train.threads", $"{spec.Train.Threads} with {where}",
                "1, because libtorch's sums depend on the number of threads that its kernels are divided among",
                "remove it, or write engine: fused and device: cpu");
        }

        var dropout = spec.Model.Dropout;
        foreach (var (key, share) in
            new[] { ("weight", dropout.Weight), ("zoneout", dropout.Zoneout), ("zoneoutCell", dropout.ZoneoutCell) })
        {
            if (share > 0 && findings.Sound("model.dropout"))
            {
                findings.Report($"model.dropout.{key}", $"it with {where}",
                    "other kinds of dropout: libtorch runs a layer's time steps as a whole, with whole weights",
                    "remove it, or write engine: fused and device: cpu");
            }
        }

        void RefuseKey(string key) => findings.Report(
            key, $"it with {where}", "engine: fused, which has it", "remove it, or write engine: fused and device: cpu");

        void Refuse(string key, string word, string what) => findings.Report(
            key, $"{word} with {where}", $"a {what} that libtorch has", "choose another one, or write engine: fused and device: cpu");
    }

    /// <inheritdoc/>
    public override DeviceSelector FindDevices() => Library.Value.FindDevices();

    /// <inheritdoc/>
    internal override IReplica Create(
        ModelSpec model, LossSpec loss, DeviceName device, int threads = 1, PrecisionKind precision = PrecisionKind.Full) =>
        Library.Value.Open(model, loss, device);
}
