using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Schedules;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Tests.Training;

public sealed class SpecRevisionTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(epochs: 2);

    [Fact]
    public void Revision_ChangesEpochsAndCheckpoints()
    {
        var revised = Revise(Spec, "train.epochs=5", "checkpoint.keepLast=9", "checkpoint.everySeconds=60").Spec!;

        Assert.Equal(
            Spec with { Train = Spec.Train with { Epochs = 5 }, Checkpoint = Spec.Checkpoint with { KeepLast = 9, EverySeconds = 60 } },
            revised);
        Assert.True(SpecHash.Matches(SpecHash.Of(Spec), revised));
    }

    [Fact]
    public void Revision_NamesNoKeyThatMayChange_NextToOneThatMayNot()
    {
        var held = TestSpecs.Average(epochs: 2, validationFraction: 0.2);

        Assert.NotNull(Revise(held, "train.output=best", "checkpoint.keepBest=1", "train.epochs=4").Spec);
        var refused = Revise(held, "seed=9", "train.output=best", "checkpoint.keepBest=1", "metrics.every=5", "train.epochs=4");
        Assert.Equal(["seed"], refused.Problems.Select(one => one.Key));
    }

    [Fact]
    public void Revision_BeginsWithANumberOfTrainersThatAutoscaleHas()
    {
        var spec = Spec with { Train = Spec.Train with { Trainers = 1, Shards = 4 } };

        var revised = Revise(spec, "train.autoscale={min: 2, max: 4}", "train.epochs=4").Spec!;

        Assert.Equal(2, revised.Train.Trainers);
    }

    [Fact]
    public void Revision_ChangesThreadsAndSpeculation_WhichChangeNoBit()
    {
        var revised = Revise(Spec, "train.threads=2", "speculate=auto", "train.epochs=3").Spec!;

        Assert.Equal(Spec with { Train = Spec.Train with { Epochs = 3, Threads = 2 }, Speculate = SpeculationKind.Auto }, revised);
        Assert.Equal(SpecHash.Of(Spec), SpecHash.Of(revised));
    }

    [Theory]
    [InlineData("--set train.optimizer.lr=0.5 "
        + "train.optimizer.lr: found a change, expected "
        + "train.epochs, train.threads, train.output (last or best), extends.idleSeconds, speculate, or a key of train.earlyStopping, "
        + "train.autoscale, limits, audit, checkpoint or metrics; the steps that the run has committed "
        + "depend on it: train a new run with the changed spec", "train.optimizer.lr=0.5", "train.epochs=9")]
    [InlineData("--set train.trainers=3 "
        + "train.trainers: found another number, expected train.epochs, train.threads, train.output (last or best), "
        + "extends.idleSeconds, speculate, or a key of "
        + "train.earlyStopping, train.autoscale, limits, audit, checkpoint or metrics; use "
        + "--trainers: up to train.shards, the result is the same to the bit", "train.trainers=3", "train.epochs=9")]
    [InlineData("--set train.epochs=2 train.epochs: found 2, expected more than 2, the epochs that the run has finished; raise it: --set "
        + "train.epochs=4", "train.epochs=2")]
    [InlineData("spec.yaml:23:3 train.epochs: found 2, expected more than 2, the epochs that the run has finished; raise it: --set "
        + "train.epochs=4", "checkpoint.keepLast=2")]
    [InlineData("--set train.epoch=9 train.epoch: found an unknown key, expected trainers, shards, autoscale, threads, epochs, loss, "
        + "clipNorm, clipValue, wire, precision, optimizer, schedule, sync, accumulate, ema, output or earlyStopping; "
        + "did you mean epochs?", "train.epoch=9")]
    public void Revision_IsRefused_WhereTheCommittedStepsDependOnIt(string problem, params string[] sets)
    {
        var document = Revise(Spec, sets);

        Assert.Null(document.Spec);
        Assert.Equal(problem, Assert.Single(document.Problems).ToString());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1e-4, false)]
    public void Epochs_AreRefused_WhereTheScheduleHasComeToARateOfZero(double lowest, bool refused)
    {
        var cosine = Spec with { Train = Spec.Train with { Schedule = new CosineSchedule { Steps = 18, MinLr = lowest } } };

        var document = Revise(cosine, "train.epochs=4");

        Assert.Equal(refused, document.Spec is null);
        if (refused)
            Assert.Equal(
                "--set train.epochs=4 "
                + "train.epochs: found 4, expected epochs in which the learning rate is not 0; train.schedule "
                + "(cosine) is a function of the step, not of the number of epochs, and its rate is 0 from step 19 on: train a "
                + "new run whose schedule "
                + "lasts longer", Assert.Single(document.Problems).ToString());
    }

    private static SpecDocument Revise(RunSpec spec, params string[] sets) => SpecRevision.Read(
        new(SpecWriter.ToYaml(spec), "spec.yaml", "/") { Sets = sets },
        new() { Id = "r", Name = "r", State = RunState.Completed, Epochs = 2, EpochLosses = [1, 0.5], Step = 18, StepsPerEpoch = 9 });
}
