using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using static Orleans.Tbptt.Tests.Specs.SpecFixture;

namespace Orleans.Tbptt.Tests.Specs;

/// <summary>Keys of training recipes: how they are read, and what of them is refused together.</summary>
public sealed class SpecRecipeTests
{
    private static readonly string[] Rounds = ["train.sync={mode: local, chunks: 2}"];

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1d12h", 129600)]
    [InlineData("1h0m5s", 3605)]
    public void Duration_IsReadAndWrittenBack(string text, int seconds)
    {
        RunSpec spec = Sound(Sine, $"limits.duration={text}");

        Assert.Equal(TimeSpan.FromSeconds(seconds), spec.Limits!.Duration);
        Assert.Equal(spec.Limits, Sound(SpecWriter.ToYaml(spec)).Limits);
    }

    [Theory]
    [InlineData("limits.duration=soon", "limits.duration: found soon, expected days, hours, minutes and seconds such as 2h, 90m or 1d12h")]
    [InlineData("limits.duration=0s", "limits.duration: found 0s, expected")]
    [InlineData("limits.duration=99999999999999999999h", "limits.duration: found 99999999999999999999h, expected")]
    [InlineData("limits={}", "limits: found neither duration nor steps, expected one of duration and steps, or both")]
    [InlineData("train.earlyStopping={minDelta: 0.1}", "train.earlyStopping.patience")]
    [InlineData("train.clipValue=0", "train.clipValue: found 0, expected a number greater than 0")]
    public void Mistakes_AreSaidWithTheirRemedy(string set, string problem) => Assert.Contains(problem, Problem(Sine, set),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("train.schedule=reduceOnPlateau",
        "train.schedule: found reduceOnPlateau with sync.mode local, expected a schedule of steps")]
    public void RoundsOfLocalSteps_RefuseWhatTheirTrainersCannotKnow(string set, string problem) =>
        Assert.Contains(problem, Problem(Sine, [.. Rounds, set]), StringComparison.Ordinal);

    [Fact]
    public void Hash_IsTheSame_WhateverEndsTheRun_AndKnowsNothingOfTheKeysWhereTheyAreNotThere()
    {
        RunSpec plain = Sound(Sine);
        string yaml = SpecWriter.ToYaml(plain);

        Assert.All((string[])["limits", "earlyStopping", "clipValue"], key => Assert.DoesNotContain(key, yaml, StringComparison.Ordinal));
        Assert.Equal(SpecHash.Of(plain), SpecHash.Of(Sound(Sine, "limits={steps: 3}", "train.earlyStopping={patience: 2}")));
        Assert.NotEqual(SpecHash.Of(plain), SpecHash.Of(Sound(Sine, "train.clipValue=1")));
    }
}
