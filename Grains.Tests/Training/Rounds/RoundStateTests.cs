using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Rounds;

public sealed class RoundStateTests
{
    private static readonly RunSpec Spec = States.Spec().InRounds(3);

    [Fact]
    public void Differences_CountByTheElementsOfTheRound()
    {
        var spec = TestSpecs.Average(trainers: 3).InRounds(2, lr: 1, momentum: 0);
        var state = new TrainingState(spec);
        float[] before = state.Parameters.ToArray();

        // Taken from every parameter: 1 by a trainer of 6 elements, 4 by one of 2, and nothing by one that was idle.
        var outcome =
            state.CommitRound([Result(state, 1, [6, 4], [3, 3]), Result(state, 4, [1, 3], [1, 1]), Result(state, 0, [0, 0], [0, 0])]);

        var round = Assert.IsType<StepOutcome.Round>(outcome);
        Assert.Equal([7.0 / 4, 7.0 / 4], round.Steps.Select(step => step.Loss));
        Assert.Equal([4.0, 4.0], round.Steps.Select(step => step.Weight));
        double norm = 14.0 / 8 * Math.Sqrt(before.Length);
        Assert.Null(round.Steps[0].DifferenceNorm);
        Assert.Equal(norm, round.Steps[1].DifferenceNorm!.Value, 1e-9 * norm);
        Bits.Same([.. before.Select(value => value - 1.75f)], state.Parameters);
        Assert.Equal((2L, 14.0, 8.0), (state.Step, state.EpochLossSum, state.EpochWeight));
    }

    [Fact]
    public void FirstStepThatIsNotFinite_IsNamed_AndOfItsTrainersTheFirst()
    {
        var state = States.After(Spec, 3);
        var before = States.After(Spec, 3);
        var all = Result(state, 1, [1, 1, 1], [1, 1, 1]);

        var outcome =
            state.CommitRound([all with { LossSums = [1, 1], NotFinite = "late" }, all with { LossSums = [1], NotFinite = "early" }]);

        Assert.Equal("step 5, shard 1: early", Assert.IsType<StepOutcome.Diverged>(outcome).Message);
        States.AssertSame(before, state);
        outcome = state.CommitRound([all with { LossSums = [1], NotFinite = "one" }, all with { LossSums = [1], NotFinite = "other" }]);
        Assert.Equal("step 5, shard 0: one", Assert.IsType<StepOutcome.Diverged>(outcome).Message);
    }

    [Fact]
    public void SumThatOverflows_IsRefused()
    {
        var state = States.After(Spec, 3);

        var outcome = state.CommitRound([Result(state, 3e38f, [1], [1]), Result(state, 3e38f, [1], [1])]);

        Assert.StartsWith("step 4: the sum over the shards overflows", Assert.IsType<StepOutcome.Diverged>(outcome).Message,
            StringComparison.Ordinal);
        States.AssertSame(States.After(Spec, 3), state);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("momentum")]
    [InlineData("sgd")]
    public void RestoredState_IsTheSame_AndContinuesToTheSameBits(string optimizer) =>
        States.AssertContinuesAlike(States.Spec(optimizer).InRounds(3), 6, 3);

    [Fact]
    public void OtherTrainers_BeginWithTheMeanOfTheFormerOptimizers()
    {
        var state = States.After(Spec, 6);
        var snapshot = new TrainingSnapshot(Spec);
        state.CopyTo(snapshot);
        var other = new TrainingState(Spec with { Train = Spec.Train with { Trainers = 3 } });

        other.Restore(snapshot);

        Bits.Same(state.Parameters, other.Parameters);
        Bits.Same(state.Hidden, other.Hidden);
        float[] mean = [.. state.TrainerOptimizers[0].Values.Zip(state.TrainerOptimizers[1].Values, (one, two) => (one + two) / 2)];
        Assert.Equal(3, other.TrainerOptimizers.Count);
        Assert.All(other.TrainerOptimizers, inner =>
        {
            Bits.Same(mean, inner.Values);
            Assert.Equal(state.TrainerOptimizers.Max(former => former.Count), inner.Count);
        });
        Assert.Throws<ArgumentException>(() => other.CopyTo(snapshot));
        Assert.Throws<ArgumentException>(() => new TrainingState(States.Spec()).Restore(snapshot));
    }

    [Fact]
    public void OptimizerThatHasMadeNoUpdate_IsNoPartOfTheMean()
    {
        var layout = ParameterLayout.Of(Spec.Model);
        var optimizer = Spec.Train.Optimizer;
        TrainerOptimizerState[] former = [new(optimizer, layout), new(optimizer, layout)];
        former[1].Values.AsSpan().Fill(3);
        former[1].Count = 7;
        var mean = new TrainerOptimizerState(optimizer, layout);

        mean.TakeMean(former);

        Assert.Equal(7, mean.Count);
        Bits.Same(former[1].Values, mean.Values);
        mean.TakeMean([former[0]]);
        Assert.Equal(0, mean.Count);
        Assert.All(mean.Values, value => Assert.Equal(0, value));
    }

    /// <summary>A result that takes as much from every parameter.</summary>
    private static RoundResult Result(TrainingState state, float difference, double[] lossSums, double[] weights)
    {
        float[] sum = new float[state.Layout.Length];
        Array.Fill(sum, difference * (float)weights.Sum());
        var inner = state.TrainerOptimizers[0];
        return new(
            sum, new float[state.Hidden.Length / state.TrainerOptimizers.Count], lossSums, weights,
            [.. inner.Names.Select(_ => (ReadOnlyMemory<float>)new float[state.Layout.Length])], weights.Length);
    }
}
