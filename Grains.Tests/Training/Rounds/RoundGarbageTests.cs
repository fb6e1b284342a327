using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Synthetic;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Optimizers;
using Orleans.Tbptt.Training.Rounds;

namespace Orleans.Tbptt.Tests.Training.Rounds;

/// <summary>Counts bytes, not seconds: what a round allocates shows on every machine alike.</summary>
public sealed class RoundGarbageTests
{
    [Fact]
    public void Chunk_OfARound_AllocatesThePlaceOfItsLossAndWeight_AndNothingElse()
    {
        using var run = PreparedRun.Prepare(new()
        {
            Name = "average",
            Engine = new AutoEngine(),
            Model = new() { Cell = new LstmCell(), HiddenSize = 20, Layers = 2, Dropout = 0.2 },
            Data = new() { Source = new AverageSource { Sequences = 100, SequenceLength = 95 }, BatchSize = 10 },
            Tbptt = new() { ChunkLength = 10 },
            Train = new()
            {
                Epochs = 1,
                Loss = new SquaredError(),
                ClipNorm = 0.1,
                Optimizer = new Adam { Lr = 1e-3 },
                Sync = new() { Mode = SyncMode.Local, Chunks = 30, Outer = new() },
            },
        });
        var spec = run.Spec;
        using var shard = new TrainerShards(spec, run.Data, [new(0, 10)], new FusedReplica(spec.Model, spec.Train.Loss));
        var trainer = new LocalTrainer(spec, shard);
        float[] parameters = new float[shard.Replica.Layout.Length];
        Allocated(0, 30);

        long few = Allocated(30, 10), many = Allocated(40, 40);

        Assert.Equal(30 * 2 * sizeof(double), many - few);

        long Allocated(long from, int chunks)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.NotNull(trainer.TrainRound(new(from, 0, from), chunks, parameters, static () => false));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
