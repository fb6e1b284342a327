using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class StepCommitTests
{
    public static TheoryData<string> Optimizers { get; } = [.. States.Optimizers.Keys];

    /// <summary>The step in textbook order, each of its lines over all parameters.</summary>
    [Theory, MemberData(nameof(Optimizers))]
    public void Step_IsTheTextbookStep_BitForBit(string optimizer)
    {
        var spec = States.Spec(optimizer);
        var state = new TrainingState(spec);
        var commit = new StepCommit(state, spec.Train, piece: 104);
        var update = Optimizer.OfTheRun(spec.Train, state.Layout.Length);
        float[] parameters = [.. state.Parameters];
        for (int step = 0; step < 5; step++)
        {
            var committed = Assert.IsType<StepOutcome.Committed>(commit.Commit(Shards(spec, state, step)));

            var shards = Shards(spec, state, step);
            PairwiseTree.SumInto([.. shards.Select(shard => shard.GradientSum)]);
            double weight = PairwiseTree.Sum([.. shards.Select(shard => shard.Weight)]);
            float[] gradient = [.. shards[0].GradientSum.ToArray().Select(sum => sum / (float)weight)];
            double norm = GradientNorm.Of(gradient);
            if (spec.Train.ClipNorm is { } limit)
                GradientNorm.Clip(gradient, norm, limit);
            update.Step(parameters, gradient, committed.LearningRate);

            Bits.Same(parameters, state.Parameters);
            Bits.Same([norm, weight], [committed.GradientNorm, committed.Weight]);
            Bits.Same([PairwiseTree.Sum([.. shards.Select(shard => shard.LossSum)]) / weight], [committed.Loss]);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Step_ChangesNothing_WhenAHiddenStateIsNotThatOfItsLanes(int more)
    {
        var spec = States.Spec("adam");
        TrainingState state = new(spec), untouched = new(spec);
        var commit = new StepCommit(state, spec.Train, piece: 104);
        var shards = Shards(spec, state, 0);
        shards[^1] = shards[^1] with { Hidden = new float[shards[^1].Hidden.Length + more] };

        Assert.Contains("values of hidden state", Assert.Throws<InvalidDataException>(() => commit.Commit(shards)).Message);

        States.AssertSame(untouched, state);
    }

    [Theory, MemberData(nameof(Optimizers))]
    public void Step_MadePieceByPiece_IsTheStepMadeAtOnce_BitForBit(string optimizer)
    {
        var spec = States.Spec(optimizer);
        TrainingState whole = new(spec), pieces = new(spec);
        var commit = new StepCommit(pieces, spec.Train, piece: 104);
        Assert.NotEqual(0, whole.Layout.Length % 104);
        for (int step = 0; step < 5; step++)
        {
            var expected = whole.Commit(Shards(spec, whole, step));
            List<int> updated = [];

            Gather(commit, Shards(spec, pieces, step));

            Assert.True(commit.IsFinite);
            Assert.Equal(expected, commit.Update(updated.Add));
            Assert.Equal(Enumerable.Range(0, commit.Pieces), updated);
            States.AssertSame(whole, pieces);
        }
    }

    [Theory]
    [InlineData(float.NaN, 0.5)]
    [InlineData(float.NegativeInfinity, 0.5)]
    [InlineData(float.PositiveInfinity, 0.5)]
    [InlineData(0.5f, double.NaN)]
    [InlineData(0.5f, double.PositiveInfinity)]
    [InlineData(float.MaxValue, 0.5)]
    public void StepThatIsNotFinite_ChangesNothing_AndSaysTheSameWords(float gradient, double lossSum)
    {
        var spec = States.Spec();
        TrainingState whole = States.After(spec, 2), pieces = States.After(spec, 2), before = States.After(spec, 2);
        var commit = new StepCommit(pieces, spec.Train, piece: 104);
        ShardResult[] Spoiled()
        {
            var shards = Shards(spec, whole, 3);
            shards[1].GradientSum.Span[205] = gradient;
            shards[2].GradientSum.Span[205] = gradient;
            shards[1] = shards[1] with { LossSum = lossSum };
            return shards;
        }

        var expected = Assert.IsType<StepOutcome.Diverged>(whole.Commit(Spoiled()));
        var results = Spoiled();
        Gather(commit, results);

        Assert.False(commit.IsFinite);
        Assert.Throws<InvalidOperationException>(() => commit.Update());
        Assert.Equal(expected, commit.Diverge([.. results.Select(result => StepCommit.Largest(result.GradientSum.Span))]));
        States.AssertSame(before, pieces);
    }

    [Fact]
    public void WhatWasBegunAndNotEnded_IsForgotten()
    {
        var spec = States.Spec();
        TrainingState whole = new(spec), pieces = new(spec);
        var commit = new StepCommit(pieces, spec.Train, piece: 104);
        var abandoned = Shards(spec, pieces, 9);
        commit.Begin(abandoned);
        commit.Add(0, [.. abandoned.Select(shard => (ReadOnlyMemory<float>)commit.Piece(shard.GradientSum, 0))]);

        var expected = whole.Commit(Shards(spec, whole, 0));
        Gather(commit, Shards(spec, pieces, 0));

        Assert.Equal(expected, commit.Update());
        States.AssertSame(whole, pieces);
    }

    private static void Gather(StepCommit commit, IReadOnlyList<ShardResult> shards)
    {
        commit.Begin(shards);
        for (int piece = 0; piece < commit.Pieces; piece++)
            commit.Add(piece, [.. shards.Select(shard => (ReadOnlyMemory<float>)commit.Piece(shard.GradientSum, piece))]);
    }

    private static ShardResult[] Shards(RunSpec spec, TrainingState state, int step) =>
    [
        .. Enumerable.Range(0, 3).Select(trainer =>
        {
            var draws = new Draws(100 * step + trainer);
            return new ShardResult(
                draws.Floats(state.Layout.Length), draws.Floats(spec.Data.BatchSize / 3 * state.Layout.HiddenPerLane), draws.Double(0, 3),
                draws.Int(1, 99));
        }),
    ];
}
