namespace Orleans.Tbptt.Tests.Grains.Runs;

/// <summary>Takeovers of runs that a former release trained.</summary>
public sealed class FormerEngineTests : TakeoverTest
{
    [Fact]
    public void Run_DoesNotContinue_WithAnotherEngineThanAFormerReleaseChose()
    {
        Leave(steps: 9, 4);

        string problem = Begin(Status() with { Engine = "torch (on CPUs, by engine: auto)" }).Problem!;

        Assert.StartsWith("engine: found steps that engine torch computed on CPUs, expected engine fused, which engine: auto selects there",
            problem, StringComparison.Ordinal);
        Assert.EndsWith("train a new run with engine: torch", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Arithmetic_IsSaidToBeUnknown_WhereAFormerReleaseDidNotNoteIt()
    {
        Leave(steps: 9, 4);
        var former = Status() with { Engine = "fused (on CPUs, by engine: auto)" };

        var progress = Begin(former).Progress;
        progress.Place("fused", ["fused 1"]);

        Assert.Equal("unknown (a former release); fused 1", progress.Snapshot().Arithmetic);
        Assert.Equal("fused 1", Begin(former with { Arithmetic = "fused 1" }).Progress.Snapshot().Arithmetic);
    }
}
