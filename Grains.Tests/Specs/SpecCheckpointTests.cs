using Orleans.Tbptt.Specs;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

public class SpecCheckpointTests
{
    [Theory]
    [InlineData("")]
    [InlineData("\ncheckpoint: null")]
    [InlineData("\ncheckpoint: {}")]
    [InlineData("\ncheckpoint: {everySteps: null}")]
    public void Checkpoint_HasItsDefaults_WhenItIsLeftOut(string section)
    {
        var checkpoint = Sound(Sine + section).Checkpoint;

        Assert.Equal((null, 5, 3, 1), (checkpoint.EverySteps, checkpoint.EverySeconds, checkpoint.KeepLast, checkpoint.KeepBest));
    }

    [Fact]
    public void Checkpoint_IsRead() => Assert.Equal(
        new CheckpointSpec { EverySteps = 200, EverySeconds = 0, KeepLast = 1, KeepBest = 0 },
        Sound(Sine, "checkpoint={everySteps: 200, everySeconds: 0, keepLast: 1, keepBest: 0}").Checkpoint);

    [Theory]
    [InlineData("everySteps: 0", "checkpoint.everySteps: found 0, expected a whole number of 1 or more; raise it to 1 or more")]
    [InlineData("everySeconds: -1", "checkpoint.everySeconds: found -1, expected a number from 0 to 3.4e38; raise it to 0 or more")]
    [InlineData("everySeconds: 5s",
        "checkpoint.everySeconds: found 5s, expected a number from 0 to 3.4e38; write a finite number, such as 0.5 or 3e-3")]
    [InlineData("keepLast: 0", "checkpoint.keepLast: found 0, expected a whole number of 1 or more; raise it to 1 or more")]
    [InlineData("keepBest: -1", "checkpoint.keepBest: found -1, expected a whole number of 0 or more; raise it to 0 or more")]
    [InlineData("everyStep: 5",
        "checkpoint.everyStep: found an unknown key, expected everySteps, everySeconds, keepLast or keepBest; did you mean everySteps?")]
    public void Checkpoint_IsRefused_WhenAKeyDoesNotFit(string key, string problem) =>
        Assert.EndsWith(problem, Problem($"{Sine}\ncheckpoint:\n  {key}"), StringComparison.Ordinal);

    [Fact]
    public void Checkpoint_IsRefused_WhenItIsNoSection() => Assert.EndsWith(
        "checkpoint: found 5, expected a section with everySteps, everySeconds, keepLast or keepBest; write its keys under checkpoint:",
        Problem($"{Sine}\ncheckpoint: 5"), StringComparison.Ordinal);
}
