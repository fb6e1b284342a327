using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Steps;
using Orleans.Tbptt.Training.Torch.Native;

namespace Orleans.Tbptt.Tests.Training;

public sealed class TrainerShardsTests
{
    private const int Chunks = 9;

    [Fact]
    public void StepDoneAgain_GivesTheSameBits()
    {
        using var once = new OneTrainer();
        using var twice = new OneTrainer();
        for (long step = 0; step < Chunks; step++)
        {
            var expected = once.Train(step);
            for (int time = 0; time < 3; time++)
                expected.MustBe(twice.Train(step));
        }
    }

    [Fact]
    public void Restore_ThenTrain_EqualsTrainingWithoutInterruption()
    {
        using var whole = new OneTrainer();
        var results = new List<Result>();
        for (long step = 0; step < Chunks; step++)
            results.Add(whole.Train(step));

        for (int from = 0; from < Chunks; from++)
        {
            using var resumed = new OneTrainer();
            resumed.Shard.Restore(from, from == 0 ? new float[resumed.Shard.Hidden.Length] : results[from - 1].Hidden);
            for (int step = from; step < Chunks; step++)
                results[step].MustBe(resumed.Train(step));
        }
    }

    [Fact]
    public void Restore_ToAnEarlierStep_ForgetsWhatCameAfter()
    {
        using var trainer = new OneTrainer();
        Result first = trainer.Train(0), second = trainer.Train(1);
        trainer.Train(2);
        trainer.Shard.Prefetch(At(2));

        trainer.Shard.Restore(1, first.Hidden);

        Bits.Same(first.Hidden, trainer.Shard.Hidden.Span);
        second.MustBe(trainer.Train(1));
    }

    [Fact]
    public void Evaluation_BetweenSteps_LeavesTrainingAlone()
    {
        using var plain = new OneTrainer();
        using var evaluated = new OneTrainer();
        for (long step = 0; step < Chunks; step++)
        {
            var expected = plain.Train(step);
            evaluated.Evaluate(step % 2 == 0 ? 1 : 2);

            expected.MustBe(evaluated.Train(step));
            evaluated.Shard.Prefetch(At(step));
        }
    }

    [Fact]
    public void Evaluation_BeginsAnewWithChunkZero_WhateverWasTrainedOrEvaluatedBefore()
    {
        using var fresh = new OneTrainer();
        using var used = new OneTrainer();
        used.Train(0);
        used.Evaluate(1);

        Bits.Same(fresh.Evaluate(2), used.Evaluate(2));
    }

    [Fact]
    public void Evaluation_CarriesItsHiddenStateFromChunkToChunk()
    {
        using var trainer = new OneTrainer();
        double inOrder = trainer.Evaluate(2)[1];

        // Chunk 1 by the same weights, after a chunk 0 by others: another hidden state before it.
        trainer.Shard.EvaluateChunk(0, [.. trainer.Parameters.Select(value => 2 * value)]);
        double other = trainer.Shard.EvaluateChunk(1, trainer.Parameters)[0].LossSum;

        Assert.NotEqual(inOrder, other);
    }

    [Fact]
    public void Evaluation_GivesTheSame_WhenAChunkIsAskedForTwice_AndRefusesOneOutOfTurn()
    {
        using var once = new OneTrainer();
        using var twice = new OneTrainer();
        double[] expected = once.Evaluate(3);

        Assert.Equal(expected[0], twice.Evaluate(1)[0]);
        Assert.Equal(expected[0], twice.Evaluate(1)[0]);
        Assert.Throws<InvalidOperationException>(() => twice.Shard.EvaluateChunk(2, default));
        for (int chunk = 1; chunk < 3; chunk++)
        {
            Assert.Equal(expected[chunk], twice.Shard.EvaluateChunk(chunk, default)[0].LossSum);
            Assert.Equal(expected[chunk], twice.Shard.EvaluateChunk(chunk, default)[0].LossSum);
        }

        Assert.Throws<InvalidOperationException>(() => twice.Shard.EvaluateChunk(1, default));
    }

    [Fact]
    public void Prefetch_OfTheRightChunkOrAWrongOne_ChangesNothing()
    {
        using var plain = new OneTrainer();
        using var prefetching = new OneTrainer();
        for (long step = 0; step < Chunks; step++)
        {
            var expected = plain.Train(step);
            if (step > 0)
                prefetching.Shard.Prefetch(At(step % 3 == 0 ? step + 1 : step - 1));
            expected.MustBe(prefetching.Train(step));
        }
    }

    [Fact]
    public void CanTrain_OnlyTheStepItStandsAt_OrTheNextOnceThatIsDone()
    {
        using var trainer = new OneTrainer();
        Assert.Equal([0], Possible(trainer.Shard));

        trainer.Train(0);
        Assert.Equal([0, 1], Possible(trainer.Shard));
        trainer.Train(1);
        Assert.Equal([1, 2], Possible(trainer.Shard));
        trainer.Shard.Restore(5, trainer.Shard.Hidden.ToArray());
        Assert.Equal([5], Possible(trainer.Shard));

        foreach (long step in new long[] { 0, 4, 6 })
            Assert.Throws<InvalidOperationException>(() => trainer.Train(step));
        Assert.Equal([5], Possible(trainer.Shard));
        Assert.Equal([5, 6], PossibleAfter(5));

        long[] PossibleAfter(long step)
        {
            trainer.Train(step);
            return Possible(trainer.Shard);
        }
    }

    private static long[] Possible(TrainerShards shard) => [.. Enumerable.Range(-1, 12).Select(step => (long)step).Where(shard.CanTrain)];

    private static StepPosition At(long step) => new(step, 0, step);

    private sealed record Result(double Loss, double Weight, float[] Gradient, float[] Hidden)
    {
        public void MustBe(Result other)
        {
            Bits.Same([Loss, Weight], [other.Loss, other.Weight]);
            Bits.Same(Gradient, other.Gradient);
            Bits.Same(Hidden, other.Hidden);
        }
    }

    /// <summary>
    /// The middle one of three trainers, over sequences of unequal lengths, with dropout, so that every step resets some lane.
    /// </summary>
    private sealed class OneTrainer : IDisposable
    {
        private readonly float[] _parameters;
        private readonly FormulaData _data = new(new(3, 0, 2, 0), new Draws(71).Ints(40, 1, 20), [9, 4, 12, 7, 5, 11, 3]);

        public OneTrainer()
        {
            NativeBackend.Initialize();
            var spec = TestSpecs.Average(trainers: 3, layers: 2, dropout: 0.3);
            spec = spec with { Tbptt = new() { ChunkLength = 5 }, Model = spec.Model with { InputSize = 3, OutputSize = 2 } };
            _parameters = InitialParameters.Of(spec, ParameterLayout.Of(spec.Model));
            Shard = new(spec, _data, [LaneBlock.Split(6, 3)[1]], Engine.Open(spec, DeviceName.Cpu));
        }

        public TrainerShards Shard { get; }

        public float[] Parameters => _parameters;

        public Result Train(long step)
        {
            float[] gradient = new float[_parameters.Length];

            // As if an optimizer had moved them.
            float[] parameters = [.. _parameters.Select(value => value * (1 + 0.01f * step))];
            var (loss, weight) = Shard.TrainChunk(At(step), parameters, gradient)[0];
            return new(loss, weight, gradient, Shard.Hidden.ToArray());
        }

        public double[] Evaluate(int chunks) =>
            [.. Enumerable.Range(0, chunks).Select(chunk => Shard.EvaluateChunk(chunk, chunk == 0 ? _parameters : default)[0].LossSum)];

        public void Dispose()
        {
            Shard.Dispose();
            _data.Dispose();
        }
    }
}
