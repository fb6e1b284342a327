using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Training.Optimizers;
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
    [InlineData("limits={}", "limits: found no limit, expected duration, steps or epochs")]
    [InlineData("train.earlyStopping={minDelta: 0.1}", "train.earlyStopping.patience")]
    [InlineData("train.output=ema", "train.output: found ema without train.ema, expected an average that is kept; add train.ema")]
    [InlineData("train.output=best", "train.output: found best where nothing is held out for validation, expected data.validation or")]
    [InlineData("train.ema={decay: 1}", "train.ema.decay: found 1, expected a number in [0, 1)")]
    [InlineData("train.accumulate=0", "train.accumulate: found 0, expected")]
    [InlineData("train.clipValue=0", "train.clipValue: found 0, expected a number greater than 0")]
    public void Mistakes_AreSaidWithTheirRemedy(string set, string problem) => Assert.Contains(problem, Problem(Sine, set),
        StringComparison.Ordinal);

    [Fact]
    public void Recipes_RefuseWhatDoesNotGoTogether()
    {
        Assert.Contains("checkpoint.keepBest: found 0 with train.output best, expected 1 or more",
            Problem(Sine, "train.output=best", "data.validationFraction=0.5", "checkpoint.keepBest=0"), StringComparison.Ordinal);
        Assert.Contains("train.ema: found it together with train.optimizer.average, expected one of the two",
            Problem(Sine, "train.optimizer={name: sgd, lr: 1, average: {}}", "train.ema={}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Recipe_IsWrittenBack()
    {
        RunSpec spec = Sound(
            Sine, "train.optimizer={name: sgd, lr: 1, average: {window: 3}}", "train.accumulate=4", "data.validationFraction=0.5",
            "train.output=best");

        Assert.Equal(spec.Train, Sound(SpecWriter.ToYaml(spec)).Train);
        Assert.Equal(new Sgd { Lr = 1, Average = new() { Window = 3 } }, spec.Train.Optimizer);
        Assert.Equal(new EmaSpec { Decay = 0.999 }, Sound(Sine, "train.ema={}").Train.Ema);
    }

    [Theory]
    [InlineData("train.schedule=reduceOnPlateau",
        "train.schedule: found reduceOnPlateau with sync.mode local, expected a schedule of steps")]
    [InlineData("train.accumulate=2", "train.accumulate: found 2 with sync.mode local, expected 1, because a round's trainers")]
    [InlineData("train.optimizer={name: sgd, lr: 1, average: {window: 2}}",
        "train.optimizer.average: found it with sync.mode local, expected none")]
    public void RoundsOfLocalSteps_RefuseWhatTheirTrainersCannotKnow(string set, string problem) =>
        Assert.Contains(problem, Problem(Sine, [.. Rounds, set]), StringComparison.Ordinal);

    [Fact]
    public void Hash_IsTheSame_WhateverEndsTheRun_AndKnowsNothingOfTheKeysWhereTheyAreNotThere()
    {
        RunSpec plain = Sound(Sine);
        string yaml = SpecWriter.ToYaml(plain);

        string[] keys = ["limits", "earlyStopping", "clipValue", "accumulate", "ema", "output:", "average"];
        Assert.All(keys, key => Assert.DoesNotContain(key, yaml, StringComparison.Ordinal));
        Assert.Equal(SpecHash.Of(plain), SpecHash.Of(Sound(Sine, "limits={steps: 3}", "train.earlyStopping={patience: 2}")));
        Assert.All((string[])["train.clipValue=1", "train.accumulate=2", "train.ema={}"], set =>
            Assert.NotEqual(SpecHash.Of(plain), SpecHash.Of(Sound(Sine, set))));

        // The best state is chosen at the end; the average is evaluated on the way.
        string[] held = ["data.validationFraction=0.5", "train.ema={}"];
        string OfOutput(string output) => SpecHash.Of(Sound(Sine, [.. held, $"train.output={output}"]));
        Assert.Equal(OfOutput("last"), OfOutput("best"));
        Assert.NotEqual(OfOutput("last"), OfOutput("ema"));
    }
}
