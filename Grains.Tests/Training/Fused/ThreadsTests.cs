using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// Trainers of two and three threads against one of one thread, bit by bit, over several chunks. The threads share all work, however
/// little, so that small networks take every way that large ones take.
/// </summary>
public sealed class ThreadsTests
{
    private const int Chunks = 3;

    /// <summary>Each cell: one lane and few lanes, whose layers run in waves; lanes that are divided; tiles' edges.</summary>
    public static TheoryData<string, int, int, int> Shapes
    {
        get
        {
            var shapes = new TheoryData<string, int, int, int>();
            foreach (string cell in TestChoices.Cells)
            {
                shapes.Add(cell, 2, 1, 16);
                shapes.Add(cell, 3, 2, 7);
                shapes.Add(cell, 2, 13, 33);
            }

            for (int lanes = 1; lanes <= 20; lanes++)
                shapes.Add(lanes % 2 == 0 ? "lstm" : "gru", 1 + (lanes % 4), lanes, 3 + lanes);
            return shapes;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Threads_ChangeNoBit_OfAnyShape(string cell, int layers, int lanes, int units)
    {
        var spec = Spec(cell, new(3, 0, 2, 0), lanes);
        SameBits(spec with { Model = spec.Model with { Layers = layers, HiddenSize = units } }, new(3, 0, 2, 0));
    }

    /// <summary>Tokens and classes, whose losses are of rows; values; few lanes and many.</summary>
    [Theory]
    [InlineData(true, 3, false)]
    [InlineData(true, 14, true)]
    [InlineData(false, 2, true)]
    [InlineData(false, 14, false)]
    public void Threads_ChangeNoBit_WithEveryOptionOfLayers(bool areTokens, int lanes, bool residual)
    {
        DataShape shape = areTokens ? new(0, 9, 0, 9) { IsMasked = true } : new(3, 0, 2, 0);
        var spec = Spec("lstm", shape, lanes);
        foreach (bool normalises in (bool[])[false, true])
        {
            SameBits(
                spec with
                {
                    Model = spec.Model with
                    {
                        LayerNorm = normalises, Residual = residual, TieWeights = areTokens, LearnInitialState = true,
                        InputSize = areTokens ? spec.Model.LayerOutputs : 3,
                        Embedding = areTokens ? new() { Vocabulary = 9, Size = spec.Model.LayerOutputs } : null,
                        Dropout = new()
                        {
                            Between = 0.3, Input = normalises ? 0.2 : 0, Output = 0.2, Weight = 0.3, Zoneout = normalises ? 0.2 : 0,
                            ZoneoutCell = 0.1, Embedding = areTokens ? 0.2 : 0,
                        },
                    },
                    Train = spec.Train with { Loss = areTokens ? new CrossEntropy { LabelSmoothing = 0.1 } : new SquaredError() },
                },
                shape);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(15)]
    public void Threads_ChangeNoBit_OfWholeSequencesInPieces(int lanes)
    {
        var spec = Spec("gru", new(0, 9, 2, 0), lanes);
        SameBits(
            spec with
            {
                Model = spec.Model with { InputSize = 4, Embedding = new() { Vocabulary = 9, Size = 4 }, LearnInitialState = true },
                Tbptt = new() { ChunkLength = 5, Backprop = new FullBackprop() },
            },
            new(0, 9, 2, 0), chunks: 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void Threads_ChangeNoBit_OfWindowsAndShards(int lanes)
    {
        var spec = Spec("lstm", new(3, 0, 2, 0), lanes);
        SameBits(spec with { Tbptt = new() { ChunkLength = 4, Backprop = new WindowBackprop { Length = 8 } } }, new(3, 0, 2, 0));
        SameBits(spec, new(3, 0, 2, 0), shards: Math.Min(lanes, 3));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(14)]
    public void Threads_ChangeNoBit_OfBothDirections(int lanes)
    {
        var spec = Spec("lstm", new(3, 0, 2, 0), lanes);
        SameBits(spec with { Model = spec.Model with { Bidirectional = true } }, new(3, 0, 2, 0), wholeSequences: true);
    }

    private static RunSpec Spec(string cell, DataShape shape, int lanes)
    {
        var spec = TestSpecs.Average(layers: 2, dropout: 0.3);
        return spec with
        {
            Data = spec.Data with { BatchSize = lanes },
            Tbptt = new() { ChunkLength = 7 },
            Model = spec.Model with
            {
                Cell = TestChoices.Cell(cell), HiddenSize = 11, InputSize = shape.InputFeatures,
                OutputSize = shape.HasClasses ? shape.Classes : shape.TargetFeatures,
            },
        };
    }

    private static void SameBits(RunSpec spec, DataShape shape, int chunks = Chunks, int shards = 1, bool wholeSequences = false)
    {
        // Sequences of unlike lengths: lanes end within chunks.
        int lanes = spec.Data.BatchSize;
        int[] lengths = [.. new Draws(23).Ints(3 * lanes, 1, wholeSequences ? 7 : 19), wholeSequences ? 7 : 23];
        using var data = new FormulaData(shape, lengths);
        var blocks = LaneBlock.Split(lanes, shards);
        using var one = Open(1);
        TrainerShards[] others = [Open(2), Open(3)];
        float[] parameters = new Draws(17).Floats(one.Replica.Layout.Length, 0.5);
        for (int step = 0; step < chunks; step++)
        {
            var at = new StepPosition(step, 0, step);
            float[] gradient = new float[shards * parameters.Length];
            ShardLoss[] losses = [.. one.TrainChunk(at, parameters, gradient)];
            foreach (var other in others)
            {
                float[] own = new float[gradient.Length];
                own.AsSpan().Fill(float.NaN);
                Assert.Equal(losses, other.TrainChunk(at, parameters, own).ToArray());
                Bits.Same(gradient, own);
                Bits.Same(one.Hidden.Span, other.Hidden.Span);
            }
        }

        foreach (var other in others)
            other.Dispose();

        TrainerShards Open(int threads) => new(
            spec, data, blocks, new FusedReplica(spec.Model, spec.Train.Loss, threads == 1 ? Team.Alone : new Team(threads, least: 0)));
    }
}
