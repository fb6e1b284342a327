using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Tests.Deploy.Packages;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>The example whose data a program next to it makes.</summary>
[Slow]
public sealed class AmplifierExampleTests
{
    [Fact]
    public void Program_WritesWhatTheSpecTrainsOn()
    {
        using var directory = new TemporaryDirectory();
        string program = directory.File("amplifier.cs"), data = directory.File("amplifier.csv");
        File.Copy(SourceTree.Of("examples", "amplifier.cs"), program);

        LocalFeed.DotNet(directory.Path, LocalFeed.None, ["run", program, "--", "0.5", data]);

        var document = SpecLoader.Load(SourceTree.Of("examples", "amplifier.yaml"), [$"data.source=csv:{data}"]);
        Assert.Empty(document.Problems);
        using var run = PreparedRun.Prepare(document.Spec!);
        Assert.Equal(22, new EpochPlans(run.Spec, run.Data).Training(0).Steps);
    }
}
