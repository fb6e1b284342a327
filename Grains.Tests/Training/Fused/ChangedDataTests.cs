using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// Data that were sound when they were opened and are not any more: refused by the kernels themselves, which would write where nothing of
/// theirs is.
/// </summary>
public sealed class ChangedDataTests
{
    [Theory]
    [InlineData(9, 4, "token")]
    [InlineData(6, 9, "class")]
    public void Replica_RefusesTokensAndClassesThatItHasNot_AndContinuesWithSoundOnes(int vocabulary, int classes, string problem)
    {
        var model = new ModelSpec { Cell = new LstmCell(), HiddenSize = 5, InputSize = 3, OutputSize = 4,
            Embedding = new() { Vocabulary = 6, Size = 3 } };
        using FusedReplica replica = new(model, new CrossEntropy()), untouched = new(model, new CrossEntropy());
        ChunkBatch changed = Batch(vocabulary, classes), sound = Batch(6, 4);
        float[] parameters = new Draws(3).Floats(replica.Layout.Length), hidden = new float[2 * replica.Layout.HiddenPerLane],
        gradient = new float[parameters.Length];
        replica.LoadParameters(parameters);
        untouched.LoadParameters(parameters);

        var refusal = Assert.Throws<InvalidDataException>(() =>
            replica.ForwardBackward(changed, DropoutMasks.None, hidden, new float[hidden.Length], gradient));

        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(
            untouched.ForwardBackward(sound, DropoutMasks.None, hidden, new float[hidden.Length], gradient),
            replica.ForwardBackward(sound, DropoutMasks.None, hidden, new float[hidden.Length], gradient));
    }

    private static ChunkBatch Batch(int vocabulary, int classes)
    {
        var data = new FormulaData(new(0, vocabulary, 0, classes), [40, 40]);
        var batch = new ChunkBatch(new(0, 6, 0, 4));
        batch.Load(data.Training, ChunkPlan.Create(data.Training, 2, ChunkSplit.OfLength(40)), 0, new(0, 2));
        return batch;
    }
}
