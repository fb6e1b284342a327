using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Metrics;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>What a shard gives has the bits of that shard alone, whichever other shards its trainer has.</summary>
public sealed class ShardsTests
{
    private const int Lanes = 7;
    private const int Chunks = 8;

    /// <summary>Every cell: of values, of tokens to classes, and of values, masked, with a wire of bfloat16.</summary>
    public static TheoryData<string, int, int, int, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int, int, bool, bool>();
            foreach (string cell in TestChoices.Cells)
            {
                cases.Add(cell, 3, 0, 0, false, false);
                cases.Add(cell, 0, 9, 5, true, false);
                cases.Add(cell, 2, 0, 0, true, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Shards_GiveTheBitsOfEachAlone_WhenTheyAreRunAtOnce(
        string cell, int values, int vocabulary, int classes, bool masked, bool narrow)
    {
        DataShape shape = new(values, vocabulary, classes > 0 ? 0 : 2, classes) { IsMasked = masked };
        GivesTheBitsOfEachAlone(shape, Of(cell, shape, narrow));
    }

    /// <summary>Values; and tokens whose embedding is the head's weight, too.</summary>
    [Theory]
    [InlineData("lstm", false)]
    [InlineData("lstm", true)]
    [InlineData("{name: lstm, projectionSize: 2}", false)]
    [InlineData("{name: lstm, projectionSize: 2}", true)]
    public void Shards_GiveTheBitsOfEachAlone_WithEveryOptionOfLayers(string cell, bool areTokens)
    {
        DataShape shape = areTokens ? new(0, 9, 0, 9) : new(3, 0, 2, 0);
        var spec = Of(cell, shape, narrow: false);
        GivesTheBitsOfEachAlone(shape, spec with
        {
            Model = spec.Model with
            {
                LayerNorm = true,
                Residual = true,
                TieWeights = areTokens,
                LearnInitialState = true,
                InputSize = areTokens ? spec.Model.LayerOutputs : 3,
                Embedding = areTokens ? new() { Vocabulary = 9, Size = spec.Model.LayerOutputs } : null,
                Dropout = new()
                {
                    Between = 0.3, Input = 0.2, Output = 0.2, Weight = 0.3, Zoneout = 0.2, ZoneoutCell = 0.1,
                    Embedding = areTokens ? 0.2 : 0,
                },
            },
        });
    }

    private static void GivesTheBitsOfEachAlone(DataShape shape, RunSpec spec)
    {
        // Sequences of unlike lengths: lanes are sorted otherwise among all than in their shard, some are idle at the end, and so are
        // shards.
        int[] lengths = [.. new Draws(23).Ints(19, 1, 17), 31];
        using var data = new FormulaData(shape, lengths, [9, 4, 12, 7, 5, 11, 3]);
        var lanes = LaneBlock.Split(Lanes, 3);
        using var together = Open(spec, data, lanes);
        using var watched = new TrainerShards(spec, data, lanes, new WatchedReplica(Engine.Open(spec, DeviceName.Cpu), () => { }));
        TrainerShards[] alone = [.. lanes.Select(block => Open(spec, data, [block]))];
        float[] parameters = InitialParameters.Of(spec, together.Replica.Layout);
        if (together.Replica.Layout.InitialState is { } first)
            new Draws(17).Floats(together.Replica.Layout.HiddenPerLane, 0.5).CopyTo(parameters, first);

        for (int step = 0; step < Chunks; step++)
        {
            var at = new StepPosition(step, 0, step);
            float[] moved = [.. parameters.Select(value => value * (1 + 0.01f * step))];
            foreach (var all in (TrainerShards[])[together, watched])
            {
                float[] gradients = new float[lanes.Length * parameters.Length];
                gradients.AsSpan().Fill(float.NaN);
                ShardLoss[] losses = [.. all.TrainChunk(at, moved, gradients)];
                for (int shard = 0; shard < lanes.Length; shard++)
                {
                    float[] own = new float[parameters.Length];
                    var loss = alone[shard].TrainChunk(at, moved, own)[0];
                    Bits.Same([loss.LossSum, loss.Weight], [losses[shard].LossSum, losses[shard].Weight]);
                    Bits.Same(own, gradients.AsSpan(shard * own.Length, own.Length));
                    Bits.Same(alone[shard].Hidden.Span, all.HiddenOf(shard).Span);
                }
            }

            together.Prefetch(at);
        }

        Evaluate(together, alone, parameters);
        foreach (var one in alone)
            one.Dispose();
    }

    [Fact]
    public void Nodes_AreTheTreesOwn_HoweverShardsAreDivided()
    {
        var draws = new Draws(5);
        const int Length = 33;
        for (int of = 1; of <= 17; of++)
        {
            float[] gradients = draws.Floats(of * Length);
            float[] expected = new float[Length];
            PairwiseTree.Sum([.. Enumerable.Range(0, of).Select(Gradient)], expected).CopyTo(expected);
            for (int trainers = 1; trainers <= of; trainers++)
            {
                var nodes = new ReadOnlyMemory<float>[of];
                foreach (var range in ShardRange.Split(of, trainers))
                {
                    var sums = new NodeSums(range, of, gradients.AsMemory(range.First * Length, range.Count * Length));
                    sums.AddUp();
                    for (int node = 0; node < sums.Nodes.Count; node++)
                        nodes[sums.Nodes[node].First] = sums[node];
                }

                Bits.Same(expected, PairwiseTree.Sum(nodes, new float[Length]));
            }

            ReadOnlyMemory<float> Gradient(int shard) => gradients.AsMemory(shard * Length, Length);
        }
    }

    private static void Evaluate(TrainerShards together, TrainerShards[] alone, float[] parameters)
    {
        for (int chunk = 0; ; chunk++)
        {
            EvaluatedChunk[] evaluated = [.. together.EvaluateChunk(chunk, chunk == 0 ? parameters : default)];
            bool isLast = false;
            List<GroupSums> groups = [];
            for (int shard = 0; shard < alone.Length; shard++)
            {
                var one = alone[shard].EvaluateChunk(chunk, chunk == 0 ? parameters : default)[0];
                Bits.Same([one.LossSum, one.Weight], [evaluated[shard].LossSum, evaluated[shard].Weight]);
                isLast |= one.Sums is not null;
                if (one.Sums is { } sums)
                    groups.Add(sums);
            }

            // Groups of lanes belong to shards; classes are counted for all of them together, in whole numbers.
            GroupSums[] found = [.. evaluated.Select(one => one.Sums).OfType<GroupSums>()];
            if (found.Length == alone.Length)
            {
                Assert.Equal(groups.SelectMany(one => one.Groups), found.SelectMany(one => one.Groups));
                Bits.Same(groups.SelectMany(one => one.Values), found.SelectMany(one => one.Values));
            }
            else if (isLast)
            {
                double[] counts = [.. Assert.Single(found).Values];
                Bits.Same(Enumerable.Range(0, counts.Length).Select(at => groups.Sum(one => one.Values[at])), counts);
            }

            if (isLast || chunk == 1)
                return;
        }
    }

    private static TrainerShards Open(RunSpec spec, IDataSource data, LaneBlock[] lanes) =>
        new(spec, data, lanes, Engine.Open(spec, DeviceName.Cpu));

    private static RunSpec Of(string cell, DataShape shape, bool narrow)
    {
        var spec = TestSpecs.Average(layers: 2, dropout: 0.3);
        return spec with
        {
            Data = spec.Data with { BatchSize = Lanes },
            Tbptt = new() { ChunkLength = 5 },
            Model = spec.Model with
            {
                Cell = TestChoices.Cell(cell),
                InputSize = shape.HasTokens ? 4 : shape.InputFeatures,
                OutputSize = shape.HasClasses ? shape.Classes : shape.TargetFeatures,
                Embedding = shape.HasTokens ? new() { Vocabulary = shape.Vocabulary, Size = 4 } : null,
            },
            Train = spec.Train with
            {
                Shards = 3,
                Loss = shape.HasClasses ? new CrossEntropy() : new SquaredError(),
                Wire = narrow ? WireKind.Bfloat16 : WireKind.Full,
            },
        };
    }
}
