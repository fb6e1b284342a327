using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Golden;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.SingleProcess;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>Whole runs of the golden cases on the emulated device: PyTorch's losses, and the CPU's bits.</summary>
public sealed class GpuGoldenTests
{
    public static TheoryData<string> Cases { get; } = new(GoldenCase.Names.Where(name =>
    {
        using var directory = new TemporaryDirectory();
        var spec = GoldenCase.Load(name).Write(directory.Path, 1);
        return !spec.Tbptt.Backprop.IsFull;
    }));

    [Theory, MemberData(nameof(Cases))]
    public void Run_ReproducesPyTorch_WithTheBitsOfTheCpu(string name)
    {
        using var directory = new TemporaryDirectory();
        var golden = GoldenCase.Load(name);
        using var prepared = PreparedRun.Prepare(golden.Write(directory.Path, 1).OnEngine("fused"));
        var spec = prepared.Spec;
        using var expected = new SingleProcessTrainer(spec, prepared.Data, () => Engine.Open(spec, DeviceName.Cpu));
        using var actual = new SingleProcessTrainer(
            spec, prepared.Data, () => new GpuReplica(new Emulator(), spec.Model, spec.Train.Loss, ownsDevice: true));
        List<double> wanted = [], losses = [];

        Assert.Null(expected.Train(step => wanted.Add(step.Loss), (_, _, _) => { }));
        Assert.Null(actual.Train(step => losses.Add(step.Loss), (_, _, _) => { }));

        GoldenAssert.Losses(golden.StepLosses, losses, "step loss");
        Bits.Same(wanted, losses);
        Bits.Same(expected.State.Parameters, actual.State.Parameters);
        Bits.Same(expected.State.Hidden, actual.State.Hidden);
    }
}
