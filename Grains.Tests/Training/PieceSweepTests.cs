using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>
/// Steps that are run in pieces against the reference network over the whole step, and against one another bit by bit. Tolerances are
/// those of <c>ReplicaTests</c>, whose chunks these are. A gradient that ends at a piece's start costs 1e-2 and more.
/// </summary>
public sealed class PieceSweepTests
{
    // Chunk 0: 4, 6, 2, 6 time steps and an idle lane; chunk 1: idle, 1, idle, 5, idle.
    private static readonly int[] Lengths = [4, 7, 2, 11];

    public static TheoryData<NetworkKind> Kinds { get; } =
    [
        .. from cell in TestChoices.Cells
           from layers in new[] { 1, 2 }
           from tokens in new[] { false, true }
           select new NetworkKind(cell, layers, tokens, tokens, layers == 1 ? 0 : 0.4),
        new NetworkKind("lstm", 2, Tokens: false, Classes: false, 0.4, IsMasked: true),
        new NetworkKind("gru", 1, Tokens: true, Classes: true, 0, IsMasked: true),
        new NetworkKind("lstm", 2, Tokens: false, Classes: false, 0, Columns: 3),
        new NetworkKind("gru", 1, Tokens: false, Classes: false, 0, Columns: 1, Values: 0),
        .. from cell in TestChoices.Cells
           where TestChoices.Cell(cell).States <= 2
           select new NetworkKind(cell, 2, Tokens: false, Classes: false, 0.4, LearnsStart: true),
        .. from loss in ReferenceCase.Losses
           where loss.Value is not ErrorToSignal
           select new NetworkKind("lstm", 1, loss.Value.OfClasses, loss.Value.OfClasses, 0, Loss: loss.Key),
    ];

    [Theory, MemberData(nameof(Kinds))]
    public void Pieces_GiveTheReferencesGradient_AndTheSameBitsWhereverTheyEnd(NetworkKind kind)
    {
        var example = new ReferenceCase(kind, Lengths, lanes: 5, chunkLength: 6);
        foreach (long chunk in new long[] { 0, 1 })
        {
            var whole = Run(example, chunk, 100);

            foreach (int length in new[] { 1, 2, 4, 5 })
                whole.MustBe(Run(example, chunk, length));
            double[] hidden = Differences.Doubles(example.HiddenBefore);
            double loss = example.Reference(Differences.Doubles(example.Parameters), chunk, hidden, dropout: kind.Dropout > 0);
            double[] gradient = Differences.Gradient(
                at => example.Reference(at, chunk, Differences.Doubles(example.HiddenBefore), dropout: kind.Dropout > 0),
                example.Parameters);
            Assert.Equal(loss, whole.Loss, 2e-5);
            Assert.InRange(Differences.Largest(hidden, whole.Hidden), 0, 2e-6);
            Assert.InRange(Differences.Largest(gradient, whole.Gradient), 0, 5e-5);
        }
    }

    /// <summary>
    /// Everything that can be dropped, and all that stands between layers, which the reference does not have: pieces against a chunk. The
    /// inputs of one are dropped, those of the other are not, because embeddings go another way then.
    /// </summary>
    [Theory]
    [InlineData(true, 0.0)]
    [InlineData(true, 0.3)]
    [InlineData(false, 0.3)]
    public void Pieces_GiveTheChunksGradient_WithEveryChoiceOfAModel(bool tokens, double input)
    {
        var example = new ReferenceCase(
            new NetworkKind("lstm", 2, tokens, tokens, 0), Lengths, lanes: 5, chunkLength: 6, model => model with
            {
                LayerNorm = true, Residual = true, TieWeights = tokens,
                InputSize = tokens ? ReferenceCase.Units : model.InputSize, OutputSize = tokens ? 6 : model.OutputSize,
                Embedding = tokens ? new() { Vocabulary = 6, Size = ReferenceCase.Units } : null,
                Dropout = new()
                {
                    Between = 0.2, Input = input, Output = 0.3, Embedding = tokens ? 0.3 : 0, Weight = 0.4, Zoneout = 0.2,
                    ZoneoutCell = 0.3,
                },
            });
        var whole = Run(example, 0, 100);

        foreach (int length in new[] { 1, 2, 4, 5 })
            whole.MustBe(Run(example, 0, length));
        using var replica = new FusedReplica(example.Model, example.Loss);
        replica.LoadParameters(example.Parameters);
        float[] after = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];
        double loss = replica.ForwardBackward(example.Batch(0), example.Dropout(0), example.HiddenBefore, after, gradient);
        Assert.Equal(loss, whole.Loss, 2e-5);
        Bits.Same(after, whole.Hidden);
        Assert.InRange(Differences.Largest(Differences.Doubles(gradient), whole.Gradient), 0, 5e-5);
    }

    [Fact]
    public void Weight_CountsEveryElementOnce()
    {
        var example = new ReferenceCase(
            new NetworkKind("lstm", 1, Tokens: false, Classes: false, 0, IsMasked: true), Lengths, lanes: 5, chunkLength: 6);

        Assert.Equal(example.Batch(0).Weight, Run(example, 0, 4).Weight);
    }

    private static Result Run(ReferenceCase example, long chunk, int length)
    {
        using var replica = new FusedReplica(example.Model, example.Loss);
        replica.LoadParameters(example.Parameters);
        var sweep = new PieceSweep(replica, new ChunkBatch(example.Shape), example.Block, length);
        sweep.Begin(example.Sequences, example.Plan, chunk);
        float[] before = example.Before(chunk), after = new float[before.Length], gradient = new float[example.Layout.Length];
        int perLane = example.Layout.HiddenPerLane;
        for (int lane = 0; lane < example.Block.Count; lane++)
        {
            if (example.Plan[chunk, lane].IsIdle)
                before.AsSpan(lane * perLane, perLane).Clear();
        }

        var (loss, weight) = sweep.Run(example.Dropout(chunk), before, after, gradient);
        return new(loss, weight, gradient, after);
    }

    private sealed record Result(double Loss, double Weight, float[] Gradient, float[] Hidden)
    {
        public void MustBe(Result other)
        {
            Bits.Same([Loss, Weight], [other.Loss, other.Weight]);
            Bits.Same(Gradient, other.Gradient);
            Bits.Same(Hidden, other.Hidden);
        }
    }
}
