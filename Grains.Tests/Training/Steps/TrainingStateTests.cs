using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class TrainingStateTests
{
    [Fact]
    public void Gradient_IsTheSumOverTheSumOfWeights_NotAMeanOfMeans()
    {
        var state = State(trainers: 3, new Sgd { Lr = 1 }, clipNorm: null);
        var before = state.Parameters.ToArray();
        double[] weights = [8, 1, 3], sums = [4, 1, -6], losses = [16, 5, 9];

        var outcome = state.Commit([.. weights.Select((weight, i) => Shard(state, sums[i], losses[i], weight, 2))]);

        // (4 + 1 - 6) / (8 + 1 + 3) = -1/12, and the loss is 30/12. A mean of means would give (4/8 + 1/1 - 6/3) / 3 = -1/6, and a loss of
        // 10/3.
        var committed = Assert.IsType<StepOutcome.Committed>(outcome);
        Assert.Equal(2.5, committed.Loss);
        Assert.Equal(12, committed.Weight);
        Bits.Same([.. before.Select(value => value - -1f / 12)], state.Parameters);
    }

    [Fact]
    public void ATrainerWithoutWork_ChangesNothing()
    {
        var two = State(trainers: 2, new Sgd { Lr = 1 }, clipNorm: null);
        var one = State(trainers: 1, new Sgd { Lr = 1 }, clipNorm: null);

        two.Commit([Shard(two, 5, 7, 4, lanes: 3), Shard(two, 0, 0, 0, lanes: 3)]);
        one.Commit([Shard(one, 5, 7, 4, lanes: 6)]);

        Bits.Same(one.Parameters, two.Parameters);
        Assert.Equal((one.EpochLossSum, one.EpochWeight), (two.EpochLossSum, two.EpochWeight));
    }

    [Fact]
    public void Clipping_ComesAfterTheAverage_AndTheNormIsReportedBeforeIt()
    {
        var state = State(trainers: 2, new Sgd { Lr = 1 }, clipNorm: 0.5);
        var before = state.Parameters.ToArray();

        // Each trainer's own gradient is far beyond the limit; the average, 0, is not: clipped apart they would not cancel out.
        var committed = Assert.IsType<StepOutcome.Committed>(state.Commit([Shard(state, 100, 1, 5, 3), Shard(state, -100, 1, 15, 3)]));

        Assert.Equal(0, committed.GradientNorm);
        Bits.Same(before, state.Parameters);

        committed = Assert.IsType<StepOutcome.Committed>(state.Commit([Shard(state, 100, 1, 5, 3), Shard(state, 100, 1, 15, 3)]));

        double norm = 10 * Math.Sqrt(before.Length);
        Assert.Equal(norm, committed.GradientNorm, 1e-12 * norm);
        float step = 10 * (float)(0.5 / (committed.GradientNorm + 1e-6));
        Bits.Same([.. before.Select(value => value - step)], state.Parameters);
    }

    [Fact]
    public void Commit_CarriesTheHiddenStateOfEachTrainersLanes()
    {
        var state = State(trainers: 3, new Sgd { Lr = 1 }, clipNorm: null);
        var hidden = new Draws(41).Floats(state.Hidden.Length);
        int perTrainer = hidden.Length / 3;

        state.Commit(
            [.. Enumerable.Range(0, 3)
                .Select(i => new ShardResult(new float[state.Layout.Length], hidden.AsMemory(i * perTrainer, perTrainer), 1, 1))]);

        Bits.Same(hidden, state.Hidden);
    }

    [Fact]
    public void Epoch_SumsLossesByTheirWeights_AndBeginsAnew()
    {
        var state = State(trainers: 1, new Sgd { Lr = 1 }, clipNorm: null);

        state.Commit([Shard(state, 0, loss: 30, weight: 10, lanes: 6)]);
        state.Commit([Shard(state, 0, loss: 2, weight: 2, lanes: 6)]);

        Assert.Equal(2, state.Step);
        Assert.Equal(32.0 / 12, state.FinishEpoch());
        Assert.Equal((0, 0), (state.EpochLossSum, state.EpochWeight));
    }

    internal static TrainingState State(int trainers, OptimizerSpec optimizer, double? clipNorm)
    {
        var spec = TestSpecs.Average(trainers);
        return new(spec with { Train = spec.Train with { Optimizer = optimizer, ClipNorm = clipNorm } });
    }

    /// <summary>A result whose gradient sum is the same number everywhere.</summary>
    internal static ShardResult Shard(TrainingState state, double gradient, double loss, double weight, int lanes)
    {
        var sum = new float[state.Layout.Length];
        Array.Fill(sum, (float)gradient);
        return new(sum, new float[lanes * state.Layout.HiddenPerLane], loss, weight);
    }
}
