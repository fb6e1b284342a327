using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.EndToEnd;

public sealed class ExamplesTests
{
    [Theory]
    [InlineData("average", 300)]
    [InlineData("sunspots", 15)]
    [InlineData("bytes", null)]
    public void Example_IsFitToBeTrained(string name, int? stepsPerEpoch)
    {
        var document = SpecLoader.Load(Path.Combine(Root(), "examples", $"{name}.yaml"), []);

        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!);
        long steps = new EpochPlans(run.Spec, run.Data).Training(0).Steps;
        Assert.True(steps > 0);
        Assert.Equal(stepsPerEpoch ?? steps, steps);
    }

    /// <summary>The tree's root, above wherever the tests were built.</summary>
    private static string Root()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orleans.Tbptt.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no solution above the tests");
        return directory;
    }
}
