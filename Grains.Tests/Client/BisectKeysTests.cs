using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Comparing;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Bisecting;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Which keys <c>tbptt bisect</c> takes for no reason of unlike bits.</summary>
public sealed class BisectKeysTests
{
    /// <summary>A spec in which every key is written that the hash of a spec leaves out.</summary>
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2) with
    {
        Extends = new() { Checkpoint = "/runs/parent/checkpoints/0-0-9", Follow = true, IdleSeconds = 5 },
        Limits = new() { Steps = 9 },
        Audit = new() { Every = 3 },
        Metrics = new() { Every = 2 },
        Train = TestSpecs.Average(trainers: 2).Train with
        {
            Shards = 4, Threads = 2, Autoscale = new() { Min = 1, Max = 4 }, EarlyStopping = new(),
        },
    };

    [Fact]
    public void EveryKeyThatTheHashLeavesOut_IsHarmless_ButForTwo()
    {
        var hashed = SpecKeys.Of(SpecWriter.Training(Spec)).Keys;
        string[] leftOut = [.. SpecKeys.Of(SpecWriter.ToYaml(Spec)).Keys.Except(hashed)];

        Assert.All(SpecWriter.NotOfTheTraining, name => Assert.Contains(leftOut, key => key.Split('.').Contains(name)));
        Assert.Equal(["extends.checkpoint", "train.shards"], leftOut.Where(key => !SpecEffects.IsHarmless(key)).Order());
        Assert.Equal(["device", "name"], hashed.Where(SpecEffects.IsHarmless).Order());
    }

    [Theory]
    [InlineData("data.kinds.epochs")]
    [InlineData("model.metrics")]
    public void NameOfAColumn_ThatIsAlsoAKey_IsNoKeyThatTheHashLeavesOut(string key) => Assert.False(SpecHash.IsLeftOut(key));
}
