using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.SingleProcess;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training;

/// <summary>Layers that run over whole sequences in both directions; the goldens hold them to PyTorch's.</summary>
public sealed class BidirectionalTests
{
    private const int Units = 5;

    private static readonly int[] Lengths = [7, 4, 9, 1];

    private static readonly DataShape Shape = new(3, 0, 2, 0);

    /// <summary>All that may have two directions: a projection may not.</summary>
    public static TheoryData<string> Cells { get; } = [.. TestChoices.Cells.Where(cell => TestChoices.Cell(cell).Projection is null)];

    /// <summary>A head that does not look at the other direction has the network of one direction, to the bit.</summary>
    [Theory, MemberData(nameof(Cells))]
    public void Forward_IsTheNetworkOfOneDirection_WhereTheHeadIgnoresTheOther(string cell)
    {
        ModelSpec both = Model(cell, 1), one = both with { Bidirectional = false };
        var layout = ParameterLayout.Of(both);
        float[] parameters = new Draws(5).Floats(layout.Length, 0.8);
        var head = layout.Slots.Single(slot => slot.Name == "head.weight");
        for (int output = 0; output < 2; output++)
            parameters.AsSpan(head.Offset + (output * 2 * Units) + Units, Units).Clear();

        var (outputs, gradient) = Run(both, Shape, parameters, new FormulaSequences(Shape, Lengths, 7));
        var (expected, expectedGradient) = Run(one, Shape, OfOne(parameters, both, one), new FormulaSequences(Shape, Lengths, 7));

        Bits.Same(expected, outputs);
        Bits.Same(expectedGradient, OfOne(gradient, both, one));
    }

    /// <summary>Columns of classes go the same way, whose sums over the classes of one direction run in another order.</summary>
    [Fact]
    public void ColumnsOfClasses_HaveTheirGradients()
    {
        var shape = new DataShape(2, 0, 2, 0) { Categories = [new("a", 4), new("b", 3)] };
        ModelSpec both = Model("lstm", 1) with
        {
            InputSize = 7, Embeddings = new([new("a", 3), new("b", 2)]), Classes = new([new("a", 4), new("b", 3)]),
        };
        ModelSpec one = both with { Bidirectional = false };
        var layout = ParameterLayout.Of(both);
        float[] parameters = new Draws(6).Floats(layout.Length, 0.8);
        var head = layout.Slots.Single(slot => slot.Name == "head.weight");
        for (int output = 0; output < 2; output++)
            parameters.AsSpan(head.Offset + (output * 2 * Units) + Units, Units).Clear();

        var (outputs, gradient) = Run(both, shape, parameters, new FormulaSequences(shape, Lengths, 7));
        var (expected, expectedGradient) = Run(one, shape, OfOne(parameters, both, one), new FormulaSequences(shape, Lengths, 7));

        // Some roundings of 6e-8 of sums of some tens of terms near 1.
        Assert.InRange(Differences.Largest(Differences.Doubles(expected), outputs), 0, 1e-5);
        Assert.InRange(Differences.Largest(Differences.Doubles(expectedGradient), OfOne(gradient, both, one)), 0, 1e-5);
    }

    /// <summary>
    /// Sequences turned round, with the parameters of both directions exchanged, give outputs turned round, and gradients exchanged.
    /// Sums over both halves of inputs run in another order: some roundings of 6e-8.
    /// </summary>
    [Theory, MemberData(nameof(Cells))]
    public void Directions_ChangePlaces_WhereTimeIsTurnedRound(string cell)
    {
        var model = Model(cell, 2);
        float[] parameters = new Draws(7).Floats(ParameterLayout.Of(model).Length, 0.5);
        var sequences = new FormulaSequences(Shape, Lengths, 9);

        var (outputs, gradient) = Run(model, Shape, parameters, sequences);
        var (turned, exchanged) = Run(model, Shape, Exchanged(parameters, model), new TurnedSequences(sequences));

        var batch = Batch(Shape, sequences);
        var mirror = new int[batch.Rows];
        batch.Mirror(mirror);
        double[] expected = [.. Enumerable.Range(0, turned.Length).Select(i => (double)outputs[(mirror[i / 2] * 2) + (i % 2)])];
        Assert.InRange(Differences.Largest(expected, turned), 0, 1e-5);
        Assert.InRange(Differences.Largest(Differences.Doubles(Exchanged(gradient, model)), exchanged), 0, 1e-4);
    }

    /// <summary>
    /// With dropout between layers: of float32 outputs near 1 the loss is off by some 1e-6, a hundred times that over the difference.
    /// </summary>
    [Fact]
    public void Gradient_IsThatOfFiniteDifferences_WithDropout()
    {
        const float Step = 1e-2f;
        var model = Model("gru", 2) with { Dropout = 0.4 };
        using var replica = new FusedReplica(model, new SquaredError());
        float[] parameters = new Draws(8).Floats(replica.Layout.Length, 0.5), gradient = new float[parameters.Length];
        var batch = Batch(Shape, new FormulaSequences(Shape, Lengths, 11));
        float[] scratch = new float[parameters.Length];
        _ = Loss(gradient);

        for (int i = 3; i < parameters.Length; i += 7)
        {
            float own = parameters[i];
            parameters[i] = own + Step;
            double above = Loss(scratch);
            parameters[i] = own - Step;
            double below = Loss(scratch);
            parameters[i] = own;
            Assert.Equal((above - below) / (2 * Step), gradient[i], 2e-3 * Math.Max(1, Math.Abs(gradient[i])));
        }

        double Loss(float[] to)
        {
            var hidden = new float[Lengths.Length * replica.Layout.HiddenPerLane];
            replica.LoadParameters(parameters);
            return replica.ForwardBackward(batch, new(3, 4, 0, model.Dropout), hidden, hidden, to);
        }
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("torch")]
    public void Step_TakesWholeSequences_AndLeavesNoState(string engine)
    {
        var spec = Spec(engine);
        using var data = new FormulaData(Shape, [31, 4, 22, 17, 300], [700, 3]);
        var plans = new EpochPlans(spec, data);
        Assert.Equal(2, plans.Training(0).Steps);
        Assert.Equal(1, plans.HeldOut(HeldOutPart.Validation)!.Steps);
        using var shard = new TrainerShards(spec, data, [new(0, 3)], Engine.Open(spec, DeviceName.Cpu));
        float[] parameters = InitialParameters.Of(spec, shard.Replica.Layout), gradient = new float[parameters.Length];

        shard.TrainChunk(new(0, 0, 0), parameters, gradient);
        var expected = shard.TrainChunk(new(1, 0, 1), parameters, gradient)[0];

        Assert.All(shard.Hidden.ToArray(), value => Assert.Equal(0, value));
        using var other = new TrainerShards(spec, data, [new(0, 3)], Engine.Open(spec, DeviceName.Cpu));
        other.Restore(1, shard.Hidden.Span);
        float[] again = new float[parameters.Length];
        Assert.Equal(expected, other.TrainChunk(new(1, 0, 1), parameters, again)[0]);
        Bits.Same(gradient, again);
    }

    /// <summary>Shards of unlike sequences, for any number of trainers.</summary>
    [Fact]
    public void Model_IsTheSame_ForAnyNumberOfTrainers()
    {
        var all = new List<float[]>();
        foreach (int trainers in new[] { 1, 2, 3 })
        {
            var spec = Spec("fused");
            spec = spec with { Train = spec.Train with { Trainers = trainers, Shards = 3 } };
            using var data = new FormulaData(Shape, Lengths, [8, 3]);
            using var trainer = new SingleProcessTrainer(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
            Assert.Null(trainer.Train());
            all.Add(trainer.State.Parameters);
        }

        Bits.Same(all[0], all[1]);
        Bits.Same(all[0], all[2]);
    }

    /// <summary>A target that is the next time step's input: nothing that one direction could know.</summary>
    [Fact]
    public void Network_Learns_WhatOnlyComesLater()
    {
        Assert.True(Trained(bidirectional: true) < 0.1 * Trained(bidirectional: false));

        static double Trained(bool bidirectional)
        {
            var spec = Spec("fused");
            spec = spec with
            {
                Model = spec.Model with { Bidirectional = bidirectional, Layers = 1, InputSize = 1, OutputSize = 1 },
                Train = spec.Train with { Epochs = 30 },
            };
            using var data = new NextInputData();
            using var trainer = new SingleProcessTrainer(spec, data, () => Engine.Open(spec, DeviceName.Cpu));
            double last = 0;
            Assert.Null(trainer.Train(onEpoch: (_, loss, _) => last = loss));
            return last;
        }
    }

    private static RunSpec Spec(string engine)
    {
        var spec = TestSpecs.Average(trainers: 1, layers: 2, dropout: 0).OnEngine(engine);
        return spec with
        {
            Model = spec.Model with { InputSize = 3, OutputSize = 2, Bidirectional = true },
            Data = spec.Data with { BatchSize = 3 },
            Tbptt = new() { ChunkLength = 10, Backprop = new FullBackprop() },
        };
    }

    private static ModelSpec Model(string cell, int layers) => new()
    {
        Cell = TestChoices.Cell(cell), HiddenSize = Units, Layers = layers, InputSize = 3, OutputSize = 2, Bidirectional = true,
    };

    private static ChunkBatch Batch(DataShape shape, ISequenceSet sequences)
    {
        var batch = new ChunkBatch(shape);
        batch.Load(sequences, ChunkPlan.Create(sequences, Lengths.Length, ChunkSplit.OfCount(1)), 0, new(0, Lengths.Length));
        return batch;
    }

    private static (float[] Outputs, float[] Gradient) Run(ModelSpec model, DataShape shape, float[] parameters, ISequenceSet sequences)
    {
        using var replica = new FusedReplica(model, new SquaredError());
        var batch = Batch(shape, sequences);
        float[] before = new float[Lengths.Length * replica.Layout.HiddenPerLane], after = new float[before.Length];
        float[] outputs = new float[batch.Rows * 2], gradient = new float[parameters.Length];
        replica.LoadParameters(parameters);
        double loss = replica.Forward(batch, before, after, outputs);
        Assert.Equal(loss, replica.ForwardBackward(batch, DropoutMasks.None, before, after, gradient));
        return (outputs, gradient);
    }

    /// <summary>The parameters of one direction, and the head's columns for it.</summary>
    private static float[] OfOne(float[] values, ModelSpec both, ModelSpec one)
    {
        var slots = ParameterLayout.Of(both).Slots.ToDictionary(slot => slot.Name);
        return
        [
            .. ParameterLayout.Of(one).Slots.SelectMany(slot => slot.Name == "head.weight"
                ? Enumerable.Range(0, slot.Length).Select(i => values[slots[slot.Name].Offset + (i / Units * 2 * Units) + (i % Units)])
                : values.Skip(slots[slot.Name].Offset).Take(slot.Length)),
        ];
    }

    /// <summary>The parameters of both directions in each other's places, and so the halves of what reads the outputs of both.</summary>
    private static float[] Exchanged(float[] values, ModelSpec model)
    {
        var layout = ParameterLayout.Of(model);
        var slots = layout.Slots.ToDictionary(slot => slot.Name);
        var exchanged = new float[values.Length];
        foreach (var slot in layout.Slots)
        {
            bool isReverse = slot.Name.EndsWith(ParameterLayout.Reverse, StringComparison.Ordinal);
            string other = slot.Name.StartsWith("head.", StringComparison.Ordinal) ? slot.Name
                : isReverse ? slot.Name[..^ParameterLayout.Reverse.Length] : slot.Name + ParameterLayout.Reverse;
            bool ofBoth = slot.Name == "head.weight" || slot.Name.StartsWith("rnn.weight_ih_l1", StringComparison.Ordinal);
            for (int i = 0; i < slot.Length; i++)
            {
                int column = i % (2 * Units), from = ofBoth ? i - column + ((column + Units) % (2 * Units)) : i;
                exchanged[slot.Offset + i] = values[slots[other].Offset + from];
            }
        }

        return exchanged;
    }
}
