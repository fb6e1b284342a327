using Orleans.Tbptt.Silo.Web.Explaining;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Silo.Web.Explaining;

/// <summary>What a silo does not explain, because it would take too much memory or time.</summary>
public sealed class ExplanationLimitsTests
{
    private static readonly RunSpec Small = TestSpecs.Average();
    private static readonly RunSpec Wide = Small with { Model = Small.Model with { HiddenSize = 1000 } };

    [Fact]
    public void LargeSteps_AreRefused_ByParametersAndWork()
    {
        Assert.Null(ExplanationLimits.ProblemOf(Small, null, 0));
        Assert.Null(ExplanationLimits.ProblemOf(Small, 25, 25));
        Assert.Equal(
            "found a step of 4,035,003,000 parameters × time steps, expected 2,000,000,000 at most on a silo",
            ExplanationLimits.ProblemOf(Wide with { Data = Wide.Data with { BatchSize = 100 } }, null, 0));
        Assert.Equal(
            "found 24,210,018 parameters of all shards, expected 16,777,216 at most on a silo",
            ExplanationLimits.ProblemOf(Wide with { Train = Wide.Train with { Shards = 6 } }, null, 0));
    }

    [Theory]
    [InlineData(10, null)]
    [InlineData(100, "a step of 2,421,001,800 parameters × time steps")]
    public void ChunksThatAreCounted_AreAsLongAsTheDataSay(int longest, string? found)
    {
        var counted = Wide with { Tbptt = new() { ChunkCount = 1 } };

        Assert.Null(ExplanationLimits.ProblemOf(counted, null, 0));
        Assert.Null(ExplanationLimits.ProblemOf(counted with { Tbptt = new() { ChunkCount = 10 } }, longest, 0));
        Assert.Equal(
            found is null ? null : $"found {found}, expected 2,000,000,000 at most on a silo",
            ExplanationLimits.ProblemOf(counted, longest, 0));
        Assert.Equal(
            ExplanationLimits.ProblemOf(counted, longest, 0),
            ExplanationLimits.ProblemOf(Wide with { Tbptt = new() { Backprop = new FullBackprop() } }, longest, 0));
    }

    [Fact]
    public void EvaluatedChunk_IsRefused_WhereItIsLongerThanAStep() =>
        Assert.Equal(
            "found a chunk that is evaluated of 2,421,001,800 parameters × time steps, expected 2,000,000,000 at most on a silo",
            ExplanationLimits.ProblemOf(Wide with { Tbptt = new() { ChunkCount = 1 } }, 10, 100));

    [Fact]
    public void ChunkThatTakesMuchMemory_IsRefused() =>
        // 6 lanes × 200,000 time steps × (6 inputs + 12 units × 12 + 3 × 3 outputs) × 4 bytes
        Assert.Equal(
            "found 763,200,000 bytes that a chunk of all lanes takes in the network, expected 536,870,912 at most on a silo",
            ExplanationLimits.ProblemOf(Small with { Tbptt = new() { ChunkCount = 1 } }, 200_000, 0));

    [Fact]
    public void ExampleOfTheReadme_IsExplained()
    {
        var spec = SpecLoader.Load(SourceTree.Of("examples", "average.yaml"), []).Spec!;

        Assert.NotNull(spec.Tbptt.ChunkCount);
        Assert.Null(ExplanationLimits.ProblemOf(spec, 100, 0));
    }
}
