using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Engines;

public sealed class EngineTests
{
    private static readonly DeviceName Gpu = new("cuda:1");

    [Fact]
    public void Auto_TakesTheFirstEngineOfTheList_ThatComputesOnTheDevice()
    {
        var auto = ComputeEngines.All[0];

        Assert.Equal("fused (on CPUs, by engine: auto)", auto.Explain(DeviceName.Cpu));
        Assert.Equal("fused (on GPUs, by engine: auto)", auto.Explain(Gpu));
        Assert.Throws<ArgumentException>(() => auto.On(DeviceName.Auto));
    }

    [Fact]
    public void Engine_ComputesByItself_WhereItIsNamed() => Assert.All(
        ComputeEngines.All.Skip(1), engine => Assert.Equal($"{engine.Word} (by engine: {engine.Word})", engine.Explain(DeviceName.Cpu)));

    [Fact]
    public void EveryKindOfDevice_HasAnEngine() => Assert.All(
        (DeviceName[])[DeviceName.Cpu, Gpu], device => Assert.True(ComputeEngines.All[0].On(device).ComputesOn(device)));

    /// <summary>A silo may offer another kind of device than the run's engine computes on.</summary>
    [Fact]
    public void Open_RefusesADevice_ThatTheEngineDoesNotComputeOn()
    {
        var spec = TestSpecs.Average() with { Engine = new ProcessorsOnly() };

        var refusal = Assert.Throws<DeviceUnavailableException>(() => Engine.Open(spec, Gpu));

        Assert.Equal(
            "device cuda:1 is not available: found engine processors, expected an engine that computes on GPUs; set device: cpu, " +
            "or engine: auto",
            refusal.Message);
    }

    /// <summary>Its library is loaded, and says in one line why there is no such device.</summary>
    [Fact]
    public void Fused_RefusesAGpu_ThatThisMachineDoesNotHave()
    {
        Assert.SkipWhen(GpuDrivers.MayHaveNvidia(), "This machine may have a GPU.");
        var spec = TestSpecs.Average() with { Engine = new FusedEngine() };

        var refusal = Assert.Throws<DeviceUnavailableException>(() => Engine.Open(spec, Gpu));

        Assert.StartsWith("device cuda:1 is not available: no CUDA device found, because NVIDIA's driver", refusal.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    /// <summary>No CPU, and no other engine, computes in float32 what a spec wants of tensor cores.</summary>
    [Theory]
    [InlineData("fused", "cpu")]
    [InlineData("auto", "cpu")]
    [InlineData("torch", "cuda:1")]
    public void TensorCores_AreRefused_WhereThereAreNone(string engine, string device)
    {
        var spec = TestSpecs.Average().OnEngine(engine);
        spec = spec with { Train = spec.Train with { Precision = PrecisionKind.Bfloat16 } };

        var refusal = Assert.Throws<DeviceUnavailableException>(() => Engine.Open(spec, new(device)));

        Assert.Equal(
            $"device {device} is not available: found train.precision: bfloat16 with engine {(engine == "torch" ? "torch" : "fused")}, "
            + "expected a GPU and engine fused, because nothing else computes products by tensor cores; let silos with GPUs compute it, or "
            + "write precision: float32",
            refusal.Message);
    }

    /// <summary>What it does not compute on GPUs is refused where one is asked for; where the silo may choose, CPUs compute it.</summary>
    [Fact]
    public void Fused_RefusesOnGpus_WhatItComputesOnCpusAlone()
    {
        var spec = TestSpecs.Average() with { Engine = new FusedEngine(), Device = Gpu };
        spec = spec with { Tbptt = spec.Tbptt with { Backprop = new FullBackprop() } };
        var findings = new Findings(default);

        spec.Engine.Check(spec, findings);

        Assert.Equal("tbptt.backprop", Assert.Single(findings.InOrder()).Key);
        Assert.Equal(DeviceName.Cpu, (spec with { Device = DeviceName.Auto }).ComputesOn);
    }

    [Fact]
    public void Fused_LeavesTheDeviceToTheSilo_WhereItsGpuKernelsComputeTheModel() =>
        Assert.Equal(DeviceName.Auto, (TestSpecs.Average() with { Engine = new FusedEngine(), Device = DeviceName.Auto }).ComputesOn);

    /// <summary>A trainer reports the engine of its replica; a run compares it with the word in the spec.</summary>
    [Fact]
    public void Replica_HasTheWordOfItsEngine() => Assert.All(ComputeEngines.All, engine =>
    {
        using var replica = Engine.Open(TestSpecs.Average() with { Engine = engine }, DeviceName.Cpu);

        Assert.Equal(engine.On(DeviceName.Cpu).Word, replica.Engine);
    });

    private sealed record ProcessorsOnly : Engine
    {
        public override string Word => "processors";

        public override string About => "";

        public override IReadOnlyList<DeviceKind> Devices => [DeviceKind.Cpu];

        internal override IReplica Create(
            ModelSpec model, LossSpec loss, DeviceName device, int threads = 1, PrecisionKind precision = PrecisionKind.Full) =>
            throw new NotSupportedException();
    }
}
