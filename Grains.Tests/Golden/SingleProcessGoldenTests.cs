using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Golden;

public sealed class SingleProcessGoldenTests
{
    public static TheoryData<string, int, string> Cases { get; } = GoldenCases.OnBothEngines();

    [Theory, MemberData(nameof(Cases))]
    public void SingleProcessTrainer_ReproducesPyTorch(string name, int trainers, string engine)
    {
        using var directory = new TemporaryDirectory();
        var golden = GoldenCase.Load(name);
        using var prepared = PreparedRun.Prepare(golden.Write(directory.Path, trainers).OnEngine(engine));
        using var trainer = new SingleProcessTrainer(
            prepared.Spec, prepared.Data, () => Engine.Open(prepared.Spec, DeviceName.Cpu));
        List<double> losses = [], norms = [], epochs = [];

        var early = trainer.Train(
            step =>
            {
                losses.Add(step.Loss);
                norms.Add(step.GradientNorm);
            },
            (_, loss, _) => epochs.Add(loss));

        Assert.Null(early);
        GoldenAssert.Losses(golden.StepLosses, losses, "step loss");
        GoldenAssert.Losses(golden.GradientNorms, norms, "gradient norm");
        GoldenAssert.Losses(golden.EpochLosses, epochs, "epoch loss");
        foreach (var slot in trainer.State.Layout.Slots)
            GoldenAssert.Values(golden.FinalWeights(slot.Name), trainer.State.Parameters.AsSpan(slot.Offset, slot.Length), slot.Name);
        var hidden = HiddenTensors.Of(prepared.Spec.Model, golden.Lanes, LaneState.Newest(prepared.Spec, trainer.State.Hidden));
        GoldenAssert.Values(golden.FinalHidden, hidden.AsSpan(0, golden.FinalHidden.Length), "h");
    }
}
