using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Sweeps;
using Orleans.Tbptt.Sweeps.Strategies;

namespace Orleans.Tbptt.Tests.Abstractions.Sweeps;

/// <summary>What a sweep decides, without a run.</summary>
public sealed class SweepPlanTests
{
    private static SweepSpec Spec(SweepStrategy strategy, HalvingSpec? halving = null, int epochs = 9, int parallel = 2) => new()
    {
        Name = "plan", Base = new("", "base.yaml", "/"), Epochs = epochs, Strategy = strategy, Halving = halving, Parallel = parallel,
        Parameters = [new() { Key = "train.clipNorm", Range = SweepRange.Uniform, Low = 0, High = 1 }],
    };

    [Fact]
    public void Halving_PromotesTheBestThird_OfTheHighestRungThatHasOne_BeforeItBeginsATrial()
    {
        double[][] figures = [[4, 1], [3, 2], [2, 3], [1, 4], [5], [6]];
        var plan = SweepPlan.Of(
            Spec(new RandomStrategy { Trials = 6 }, new HalvingSpec { First = 1, Factor = 3 }, epochs: 3),
            (trial, rung) => new(figures[trial.Number][rung]));

        // Two workers: trials 0 and 1 end at time 1, trials 2 and 3 at 2. Of three results the best is trained further, trial 2; of four,
        // too,
        // and that is trial 3. Both have two epochs more to go, and end at 4. Of six results two go on, which have gone on.
        Assert.Equal(
            ["trial 0", "trial 1", "rung 0.0", "trial 2", "rung 1.0", "trial 3", "rung 2.0", "promote 2.1", "rung 3.0", "promote 3.1",
             "rung 2.1", "trial 4", "rung 3.1", "trial 5", "rung 4.0", "rung 5.0"],
            plan.Decisions.Select(Word));
        Assert.True(plan.IsComplete);
        Assert.Equal(2, plan.Best!.Number);
        Assert.Equal(Enumerable.Range(1, 16), plan.Decisions.Select(decision => decision.Number));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Decisions_DoNotDependOnTheOrderInWhichResultsCome(int seed)
    {
        var spec = Spec(new TpeStrategy { Trials = 30, Startup = 5 }, new HalvingSpec { First = 1, Factor = 2 }, parallel: 4);
        var whole = SweepPlan.Of(spec, Result);
        var known = new Dictionary<(int Trial, int Rung), SweepResult>();
        ulong key = CounterRandom.Key(seed, RandomPurpose.Shuffle);

        for (ulong draw = 0; ; draw++)
        {
            var plan = SweepPlan.Of(spec, (trial, rung) => known.GetValueOrDefault((trial.Number, rung)));
            Assert.Equal(whole.Decisions.Take(plan.Decisions.Count).Select(SweepJson.Write), plan.Decisions.Select(SweepJson.Write));
            SweepJob[] left = [.. plan.Jobs.Where(job => !known.ContainsKey((job.Trial, job.Rung)))];
            Assert.Equal(plan.IsComplete, left.Length == 0);
            if (left.Length == 0)
                break;
            Assert.InRange(left.Length, 1, spec.Parallel);
            var next = left[CounterRandom.Below(key, draw, (ulong)left.Length)];
            known[(next.Trial, next.Rung)] = Result(plan.Trials[next.Trial], next.Rung);
        }

        Assert.Equal(30, whole.Trials.Count);
        Assert.Contains(whole.Decisions, decision => decision is TrialPromoted { Rung: 3 });
        static SweepResult Result(SweepTrial trial, int rung) => trial.Number % 7 == 3 ? new(double.NaN, "diverged")
            : new(Math.Abs(trial.Values[0] - 0.3) / (rung + 1));
    }

    [Fact]
    public void Values_DependOnResultsOfTrials_AtLeastParallelBefore()
    {
        var probe = new Probe();
        var plan = SweepPlan.Of(Spec(probe, parallel: 3), (trial, _) => new(trial.Number));

        Assert.True(plan.IsComplete);
        Assert.All(probe.Seen, one => Assert.Equal(Enumerable.Range(0, Math.Max(0, one.Key - 2)), one.Value));
    }

    [Fact]
    public void TrialsWhoseValuesDependOnNoResult_MayAllBeTrainedAtOnce_AndAreDecidedInOrderAllTheSame()
    {
        var spec = Spec(new RandomStrategy { Trials = 8 });
        var plan = SweepPlan.Of(spec, (trial, _) => trial.Number == 1 ? null : new(trial.Number));

        Assert.Equal(8, plan.Jobs.Count);
        Assert.False(plan.IsComplete);
        Assert.Equal(["trial 0", "trial 1", "rung 0.0", "trial 2"], plan.Decisions.Select(Word));
    }

    [Fact]
    public void SameValuesOnceMore_AreTheSameTrial()
    {
        var spec = Spec(new RandomStrategy { Trials = 12 }) with
        {
            Parameters = [new() { Key = "model.cell", Range = SweepRange.Choice, Choices = ["lstm", "gru"], High = 1 }],
        };
        var plan = SweepPlan.Of(spec, (trial, _) => new(trial.Same));

        Assert.Equal(2, plan.Trials.Select(trial => trial.Same).Distinct().Count());
        Assert.All(plan.Trials, trial => Assert.Equal(plan.Trials[trial.Same].Texts, trial.Texts));
    }

    [Fact]
    public void Grid_HasEveryCombinationOnce_WithBothEndsOfARange()
    {
        var spec = Spec(new GridStrategy()) with
        {
            Parameters =
            [
                new() { Key = "model.cell", Range = SweepRange.Choice, Choices = ["lstm", "gru"], High = 1 },
                new() { Key = "train.optimizer.lr", Range = SweepRange.LogUniform, Low = 1e-4, High = 1e-2, Points = 3 },
            ],
        };
        var plan = SweepPlan.Of(spec, (trial, _) => new(trial.Number));

        Assert.Equal(
            ["lstm 0.0001", "lstm 0.001", "lstm 0.01", "gru 0.0001", "gru 0.001", "gru 0.01"],
            plan.Trials.Select(trial => string.Join(' ', trial.Texts)));
    }

    [Theory]
    [InlineData(1, 3, 27, new[] { 1, 3, 9, 27 })]
    [InlineData(6, 3, 60, new[] { 6, 18, 60 })]
    [InlineData(5, 3, 9, new[] { 5, 9 })]
    public void Rungs_GrowByTheFactor_UpToTheEpochsOfTheSpec(int first, int factor, int epochs, int[] rungs) =>
        Assert.Equal(rungs, new HalvingSpec { First = first, Factor = factor }.Rungs(epochs));

    private static string Word(SweepDecision decision) => decision switch
    {
        TrialBegun begun => $"trial {begun.Trial}",
        RungReached reached => $"rung {reached.Trial}.{reached.Rung}",
        TrialPromoted promoted => $"promote {promoted.Trial}.{promoted.Rung}",
        _ => throw new InvalidOperationException($"{decision}"),
    };

    private sealed record Probe : SweepStrategy
    {
        public Dictionary<int, int[]> Seen { get; } = [];

        public override string Word => "probe";

        public override string About => "";

        public override bool DependsOnResults => true;

        public override int Count(IReadOnlyList<SweepParameter> parameters) => 9;

        public override IReadOnlyList<double> Values(SweepSearch search, int trial, IReadOnlyList<SweepObservation> seen)
        {
            Seen[trial] = [.. seen.Select(one => one.Trial).Order()];
            return [trial / 9.0];
        }
    }
}
