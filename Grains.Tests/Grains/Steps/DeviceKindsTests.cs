using Orleans.Tbptt.Grains.Progress;
using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Runs;
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

    private static TrainerStatus Trainer(int index, string engine) =>
        new(index, index, 1, "silo-1", "cpu", TrainerState.Placing, Engine: engine);
}
