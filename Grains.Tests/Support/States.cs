using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>Committed states without a network: gradients and hidden states are drawn.</summary>
internal static class States
{
    private const int RoundSteps = 3;

    /// <summary>Every optimizer, and one of them with momentum.</summary>
    public static IReadOnlyDictionary<string, OptimizerSpec> Optimizers { get; } = new Dictionary<string, OptimizerSpec>
    {
        ["sgd"] = new Sgd { Lr = 0.1 },
        ["momentum"] = new Sgd { Lr = 0.1, Momentum = 0.9 },
        ["adam"] = new Adam { Lr = 1e-2 },
        ["adamw"] = new AdamW { Lr = 1e-2 },
        ["rmsprop"] = new RmsProp { Lr = 1e-2 },
    };

    public static RunSpec Spec(string optimizer = "adam", CellSpec? cell = null)
    {
        var spec = TestSpecs.Average(layers: 2);
        return spec with { Model = spec.Model with { Cell = cell ?? new LstmCell() },
            Train = spec.Train with { Optimizer = Optimizers[optimizer] } };
    }

    /// <summary>Parameters that are all the same small number.</summary>
    public static GradientBuffer Parameters(ParameterLayout layout)
    {
        float[] parameters = new float[layout.Length];
        Array.Fill(parameters, 0.01f);
        return GradientBuffer.Wrap(parameters);
    }

    /// <summary>The state after so many steps: always the same ones.</summary>
    public static TrainingState After(RunSpec spec, int steps)
    {
        var state = new TrainingState(spec);
        Advance(state, steps);
        return state;
    }

    /// <summary>Makes so many steps more; where trainers make local steps, in rounds of three.</summary>
    public static void Advance(TrainingState state, int steps)
    {
        if (state.TrainerOptimizers.Count > 0)
        {
            Assert.Equal(0, steps % RoundSteps);
            for (int i = 0; i < steps; i += RoundSteps)
                AdvanceRound(state);
            return;
        }

        for (int i = 0; i < steps; i++)
        {
            var draws = new Draws(1000 + state.Step);
            var hidden = draws.Floats(state.Hidden.Length);
            (hidden[0], hidden[1], hidden[2]) = (-0f, float.Epsilon, BitConverter.Int32BitsToSingle(0x7fc0_1234));
            var shard = new ShardResult(draws.Floats(state.Parameters.Length), hidden, draws.Double(0, 3), draws.Int(1, 99));
            Assert.IsType<StepOutcome.Committed>(state.Commit([shard]));
        }
    }

    /// <summary>Makes a step of complete results.</summary>
    public static StepOutcome Commit(this TrainingState state, IReadOnlyList<ShardResult> shards) =>
        new StepCommit(state, state.Train, piece: 1 << 14)
        {
            ClosesUpdate = (state.Step + 1) % state.Train.Accumulate == 0,
        }.Commit(shards);

    private static void AdvanceRound(TrainingState state)
    {
        var results = state.TrainerOptimizers.Select((inner, trainer) =>
        {
            var draws = new Draws(2000 + state.Step + trainer);
            return new RoundResult(
                draws.Floats(state.Parameters.Length), draws.Floats(state.Hidden.Length / state.TrainerOptimizers.Count),
                [1, 2, 3], [4, 5, 6],
                [.. inner.Names.Select(_ => (ReadOnlyMemory<float>)draws.Floats(state.Parameters.Length))], state.Step + RoundSteps
                    - trainer);
        });
        Assert.IsType<StepOutcome.Round>(state.CommitRound([.. results]));
    }

    /// <summary>A state that takes over a snapshot of another is the same, and continues to the same bits.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="steps">Where the snapshot is taken.</param>
    /// <param name="other">Where the state is that takes it over.</param>
    public static void AssertContinuesAlike(RunSpec spec, int steps, int other)
    {
        TrainingState state = After(spec, steps), restored = After(spec, other);
        var snapshot = new TrainingSnapshot(spec);
        state.CopyTo(snapshot);
        restored.Restore(snapshot);

        AssertSame(state, restored);
        Advance(state, 3);
        Advance(restored, 3);
        AssertSame(state, restored);
    }

    /// <summary>Equal to the bit, all of it.</summary>
    public static void AssertSame(TrainingState expected, TrainingState actual)
    {
        Assert.Equal(
            (expected.Step, expected.Updates, expected.Optimizer.Count, expected.Average.Count),
            (actual.Step, actual.Updates, actual.Optimizer.Count, actual.Average.Count));
        Bits.Same(
            [expected.EpochLossSum, expected.EpochWeight, expected.GradientWeight],
            [actual.EpochLossSum, actual.EpochWeight, actual.GradientWeight]);
        Bits.Same(expected.Parameters, actual.Parameters);
        Bits.Same(expected.Hidden, actual.Hidden);
        Assert.Equal(expected.Buffers.Select(buffer => buffer.Name), actual.Buffers.Select(buffer => buffer.Name));
        foreach (var (one, other) in expected.Buffers.Zip(actual.Buffers))
            Bits.Same(one.Values.Span, other.Values.Span);
        Assert.Equal(expected.TrainerOptimizers.Select(inner => inner.Count), actual.TrainerOptimizers.Select(inner => inner.Count));
        foreach (var (one, other) in expected.TrainerOptimizers.Zip(actual.TrainerOptimizers))
            Bits.Same(one.Values, other.Values);
        Assert.Equal(expected.Hash(), actual.Hash());
    }
}
