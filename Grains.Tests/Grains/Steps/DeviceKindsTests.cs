using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Runs;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class DeviceKindsTests
{
    [Fact]
    public void Engine_IsTheOneOfAllTrainers() => Assert.Equal(
        "fused (on CPUs, by engine: auto)", DeviceKinds.SameEngine([Trainer(0, "fused"), Trainer(1, "fused")], TestSpecs.Average()));

    [Theory]
    [InlineData("torch")]
    [InlineData("")]
    public void RunFails_WhenATrainerComputesWithAnotherEngine(string engine)
    {
        var left = Assert.Throws<RunLeftException>(
            () => DeviceKinds.SameEngine([Trainer(0, "fused"), Trainer(1, engine)], TestSpecs.Average()));

        Assert.StartsWith("trainer 1 on silo-1 does not compute with engine fused (on CPUs, by engine: auto)", left.Message,
            StringComparison.Ordinal);
    }

    /// <summary>The fused engine has the same bits on both; libtorch has not.</summary>
    [Fact]
    public void TrainersOnUnlikeDevices_AreLeftTogether_WhereTheEngineHasTheSameBits()
    {
        TrainerStatus[] trainers = [Trainer(0, "fused"), Trainer(1, "fused") with { Device = "cuda:0" }];
        foreach (string word in (string[])["auto", "fused"])
        {
            var spec = TestSpecs.Average().OnEngine(word);

            Assert.Equal(("cpu", ""), (DeviceKinds.Same(trainers, spec), DeviceKinds.Bound(spec, "cpu")));
        }

        var torch = TestSpecs.Average().OnEngine("torch");
        Assert.Equal("cpu", DeviceKinds.Bound(torch, "cpu"));
        var left = Assert.Throws<RunLeftException>(() => DeviceKinds.Same(trainers, torch));
        Assert.StartsWith("the silos offer unlike devices, cpu and cuda", left.Message, StringComparison.Ordinal);
    }

    /// <summary>Tensor cores are of GPUs: no other silo is taken, and no CPU continues the run.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("fused")]
    public void TensorCores_BindARunToGpus(string engine)
    {
        var spec = TestSpecs.Average().OnEngine(engine);
        spec = spec with { Train = spec.Train with { Precision = PrecisionKind.Tf32 } };
        LivingSilo gpu = Silo("cuda:0"), cpu = Silo("cpu");

        Assert.Equal([gpu], DeviceKinds.Suitable([cpu, gpu], spec.ComputesOn, DeviceKinds.Bound(spec, "")));
        Assert.Empty(DeviceKinds.Suitable([cpu], spec.ComputesOn, DeviceKinds.Bound(spec, "cpu")));
        TrainerStatus[] trainers = [Trainer(0, "fused"), Trainer(1, "fused") with { Device = "cuda:0" }];
        Assert.Throws<RunLeftException>(() => DeviceKinds.Same(trainers, spec));
    }

    [Fact]
    public void Submission_IsRefused_WhereNoSiloHasAGpu()
    {
        var spec = TestSpecs.Average();
        spec = spec with { Train = spec.Train with { Precision = PrecisionKind.Bfloat16 } };

        Assert.Equal(
            "train.precision: found bfloat16, but no GPU on any of 2 silos, expected a silo with an NVIDIA GPU, because nothing else "
            + "computes products by tensor cores; start a silo on a machine with one, or write precision: float32",
            PrecisionCheck.FindProblem(spec, [Silo("cpu"), Silo("cpu")])!.ToString());
        Assert.Null(PrecisionCheck.FindProblem(spec, [Silo("cpu"), Silo("cuda:0")]));
        Assert.Null(PrecisionCheck.FindProblem(spec, []));
        Assert.Null(PrecisionCheck.FindProblem(TestSpecs.Average(), [Silo("cpu")]));
    }

    private static LivingSilo Silo(string device) => new(
        SiloAddress.Zero, new() { Name = device, Address = "", Pid = 1, Version = "", Devices = [device], Slots = 1 });

    private static TrainerStatus Trainer(int index, string engine) =>
        new(index, index, 1, "silo-1", "cpu", TrainerState.Placing, Engine: engine);
}
