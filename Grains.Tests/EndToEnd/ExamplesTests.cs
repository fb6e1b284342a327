using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.EndToEnd;

public sealed class ExamplesTests
{
    [Theory]
    [InlineData("average", 300)]
    [InlineData("sunspots", 15)]
    [InlineData("sunspots-quantiles", 15)]
    [InlineData("sunspots-year", 15)]
    [InlineData("bytes", null)]
    [InlineData("stores", 6)]
    [InlineData("words", null)]
    [InlineData("tides", 11)]
    public void Example_IsFitToBeTrained(string name, int? stepsPerEpoch)
    {
        var document = SpecLoader.Load(SourceTree.Of("examples", $"{name}.yaml"), []);

        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!);
        long steps = new EpochPlans(run.Spec, run.Data).Training(0).Steps;
        Assert.True(steps > 0);
        Assert.Equal(stepsPerEpoch ?? steps, steps);
    }
}
