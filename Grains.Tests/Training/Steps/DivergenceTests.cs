using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class DivergenceTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Loss_ThatIsNotFinite_NamesStepAndTrainer(double loss)
    {
        var state = AfterOneStep();

        string message = Refused(state, Shards(state, shard: 1, loss, _ => { }));

        Assert.Contains("step 2, shard 1:", message);
        Assert.Contains($"the loss sum is {loss}", message);
    }

    [Theory]
    [InlineData(float.NaN, "rnn.weight_ih_l0", "[0, 0]", 0)]
    [InlineData(float.PositiveInfinity, "rnn.weight_hh_l0", "[2, 3]", 2 * 12 + 3)]
    [InlineData(float.NegativeInfinity, "rnn.bias_hh_l1", "[7]", 7)]
    [InlineData(float.NaN, "head.weight", "[2, 11]", 2 * 12 + 11)]
    [InlineData(float.PositiveInfinity, "head.bias", "[2]", 2)]
    public void Gradient_ThatIsNotFinite_NamesStepTrainerParameterAndIndex(float bad, string name, string index, int place)
    {
        var state = AfterOneStep();
        int at = state.Layout.Slots.Single(slot => slot.Name == name).Offset + place;

        string message = Refused(state, Shards(state, shard: 2, 1, gradient => gradient[at] = bad));

        Assert.Contains("step 2, shard 2:", message);
        Assert.Contains($"the largest gradient is {bad} at {name}{index}", message);
    }

    [Fact]
    public void Nan_IsNamed_NextToInfinityAndLargerNumbers()
    {
        var state = AfterOneStep();

        string message = Refused(state, Shards(state, shard: 0, 1, gradient =>
        {
            gradient[0] = float.PositiveInfinity;
            gradient[5] = float.NaN;
        }));

        Assert.Contains("largest gradient is NaN at rnn.weight_ih_l0[0, 5]", message);
    }

    [Fact]
    public void FirstTrainer_IsNamed_WhenSeveralDiverge()
    {
        var state = AfterOneStep();
        var shards = Shards(state, shard: 1, double.NaN, gradient => gradient[3] = float.NaN);
        shards[2] = shards[2] with { LossSum = double.NaN };

        Assert.Contains("shard 1", Refused(state, shards));
    }

    [Fact]
    public void SumOfFiniteGradients_ThatOverflows_IsRefused()
    {
        var state = AfterOneStep();
        var shards = Shards(state, shard: 0, 1, gradient => gradient[9] = 3e38f);
        shards[1].GradientSum.Span[9] = 3e38f;

        Assert.Contains("step 2: the sum over the shards overflows", Refused(state, shards));
    }

    [Fact]
    public void SumOfFiniteLosses_ThatOverflows_IsRefused()
    {
        var state = AfterOneStep();
        var shards = Shards(state, shard: 0, 1.5e308, _ => { });
        shards[1] = shards[1] with { LossSum = 1.5e308 };

        Assert.Contains("step 2: the sum over the shards overflows", Refused(state, shards));
    }

    [Fact]
    public void State_ContinuesAfterARefusal_AsIfThereHadBeenNone()
    {
        TrainingState state = AfterOneStep(), untroubled = AfterOneStep();

        Refused(state, Shards(state, shard: 1, double.NaN, _ => { }));
        state.Commit(Shards(state, shard: 1, 1, _ => { }));
        untroubled.Commit(Shards(untroubled, shard: 1, 1, _ => { }));

        Bits.Same(Everything(untroubled), Everything(state));
    }

    /// <summary>A state whose parameters, averages and sums are no longer those of S(0).</summary>
    private static TrainingState AfterOneStep()
    {
        var spec = TestSpecs.Average(trainers: 3, layers: 2);
        var state = new TrainingState(spec with { Train = spec.Train with { Optimizer = new AdamW { Lr = 0.1 } } });
        Assert.IsType<StepOutcome.Committed>(state.Commit(Shards(state, shard: 0, 2, _ => { })));
        return state;
    }

    /// <summary>Three shards' results, one of them spoiled.</summary>
    private static ShardResult[] Shards(TrainingState state, int shard, double loss, Action<float[]> spoil)
    {
        var draws = new Draws(state.Step);
        return [.. Enumerable.Range(0, 3).Select(i =>
        {
            var gradient = draws.Floats(state.Layout.Length);
            if (i == shard)
                spoil(gradient);
            return new ShardResult(gradient, draws.Floats(2 * state.Layout.HiddenPerLane), i == shard ? loss : 1, 10);
        })];
    }

    /// <summary>The message of a step that must be refused and leave no trace.</summary>
    private static string Refused(TrainingState state, ShardResult[] shards)
    {
        double[] before = Everything(state);

        var outcome = state.Commit(shards);

        Bits.Same(before, Everything(state));
        return Assert.IsType<StepOutcome.Diverged>(outcome).Message;
    }

    private static double[] Everything(TrainingState state) =>
    [
        state.Step, state.EpochLossSum, state.EpochWeight, state.Optimizer.Count,
        .. state.Parameters.Select(value => (double)value), .. state.Hidden.Select(value => (double)value),
        .. state.Optimizer.Averages.SelectMany(average => average.Values.ToArray()).Select(value => (double)value),
    ];
}
