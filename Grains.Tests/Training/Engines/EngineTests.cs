using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Training.Engines;

public sealed class EngineTests
{
    private static readonly DeviceName Gpu = new("cuda:1");

    [Fact]
    public void Auto_TakesTheFirstEngineOfTheList_ThatComputesOnTheDevice()
    {
        var auto = ComputeEngines.All[0];

        Assert.Equal("fused (on CPUs, by engine: auto)", auto.Explain(DeviceName.Cpu));
        Assert.Equal("torch (on GPUs, by engine: auto)", auto.Explain(Gpu));
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
        var spec = TestSpecs.Average() with { Engine = new FusedEngine() };

        var refusal = Assert.Throws<DeviceUnavailableException>(() => Engine.Open(spec, Gpu));

        Assert.Equal(
            "device cuda:1 is not available: found engine fused, expected an engine that computes on GPUs; set device: cpu, " +
            "or engine: auto",
            refusal.Message);
    }

    /// <summary>A trainer reports the engine of its replica; a run compares it with the word in the spec.</summary>
    [Fact]
    public void Replica_HasTheWordOfItsEngine() => Assert.All(ComputeEngines.All, engine =>
    {
        using var replica = Engine.Open(TestSpecs.Average() with { Engine = engine }, DeviceName.Cpu);

        Assert.Equal(engine.On(DeviceName.Cpu).Word, replica.Engine);
    });
}
