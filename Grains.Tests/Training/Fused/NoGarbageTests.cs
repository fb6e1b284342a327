using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>Counts bytes, not seconds: what a step allocates shows on every machine alike.</summary>
public sealed class NoGarbageTests
{
    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("rnn")]
    [InlineData("{name: gru, resetAfter: false}")]
    [InlineData("{name: lstm, projectionSize: 2}")]
    [InlineData("mingru")]
    [InlineData("minlstm")]
    [InlineData("slstm")]
    [InlineData("lstm", true)]
    [InlineData("lstm", false, 1)]
    [InlineData("gru", false, 1)]
    public void Trainer_AllocatesNothingForAChunk_OnceItsBuffersHaveGrown(string cell, bool all = false, int lanes = 10)
    {
        DropoutSpec dropout = all
            ? new DropoutSpec
            {
                Between = 0.2, Locked = true, Input = 0.2, Output = 0.2, Weight = 0.2, Zoneout = 0.2, ZoneoutCell = 0.2,
            }
            : 0.2;
        using var run = PreparedRun.Prepare(new()
        {
            Name = "average",
            Engine = new AutoEngine(),
            Model = new() { Cell = TestChoices.Cell(cell), HiddenSize = 20, Layers = 2, Dropout = dropout, LearnInitialState = all },
            Data = new()
            {
                Source = new AverageSource { Sequences = 20 * lanes, SequenceLength = 95 },
                BatchSize = lanes, ValidationFraction = 0.5,
            },
            Tbptt = new() { ChunkLength = 10 },
            Train = new() { Epochs = 1, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
        });
        var spec = run.Spec;
        using var shard = new TrainerShards(spec, run.Data, [new(0, lanes)], new FusedReplica(spec.Model, spec.Train.Loss));
        float[] parameters = new float[shard.Replica.Layout.Length], gradient = new float[parameters.Length];

        // An evaluation's last chunk, number 99, gives its sums away.
        Assert.Equal(0, Allocated(30, 99, step =>
        {
            shard.TrainChunk(new(step, 0, step), parameters, gradient);
            shard.Prefetch(new(step, 0, step));
            shard.EvaluateChunk(step, step == 0 ? parameters : default);
        }));
    }

    [Fact]
    public void Trainer_AllocatesNothingForAStepInPieces_OnceItsBuffersHaveGrown()
    {
        using var run = PreparedRun.Prepare(new()
        {
            Name = "average",
            Engine = new AutoEngine(),
            Model = new() { Cell = TestChoices.Cell("lstm"), HiddenSize = 20, Layers = 2, Dropout = 0.2 },
            Data = new() { Source = new AverageSource { Sequences = 100, SequenceLength = 95 }, BatchSize = 10 },
            Tbptt = new() { ChunkLength = 10, Backprop = new FullBackprop() },
            Train = new() { Epochs = 1, Loss = new SquaredError(), Optimizer = new Adam { Lr = 1e-3 } },
        });
        using var shard = new TrainerShards(run.Spec, run.Data, [new(0, 10)], new FusedReplica(run.Spec.Model, run.Spec.Train.Loss));
        float[] parameters = new float[shard.Replica.Layout.Length], gradient = new float[parameters.Length];

        Assert.Equal(0, Allocated(2, 10, step =>
        {
            shard.TrainChunk(new(step, 0, step), parameters, gradient);
            shard.Prefetch(new(step, 0, step));
        }));
    }

    /// <summary>
    /// Every path through the kernels: tokens and values, classes and values, dropout, lanes of unequal lengths, no work at all.
    /// </summary>
    [Theory]
    [InlineData("lstm", true)]
    [InlineData("lstm", false)]
    [InlineData("gru", true)]
    [InlineData("rnn", true)]
    [InlineData("lstm", false, 2)]
    public void Replica_AllocatesNothing_OnEveryPath(string cell, bool tokens, int columns = 0)
    {
        var example = new ReferenceCase(new(cell, 2, tokens, tokens, 0.4, Columns: columns), [4, 7, 2, 11], lanes: 5, chunkLength: 6);
        using var replica = new FusedReplica(example.Model, example.Loss);
        var batches = Enumerable.Range(0, 3).Select(chunk => example.Batch(chunk)).ToArray();
        float[] after = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];
        float[] outputs = new float[batches.Max(batch => batch.Rows) * example.Model.OutputSize!.Value];

        Assert.Equal(0, Allocated(3, 9, step =>
        {
            replica.LoadParameters(example.Parameters);
            replica.ForwardBackward(batches[step % 3], example.Dropout(step), example.HiddenBefore, after, gradient);
            replica.Forward(batches[step % 3], example.HiddenBefore, after, outputs);
        }));
    }

    private static long Allocated(int from, int to, Action<int> step)
    {
        for (int i = 0; i < from; i++)
            step(i);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = from; i < to; i++)
            step(i);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
