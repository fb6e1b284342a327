using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>
/// The GPU's kernels, emulated, against the CPU's engine: loss, hidden state, gradient and outputs bit for bit, over the networks, the data
/// and the losses that the engines' replicas are held to, with threads in both orders.
/// </summary>
public sealed class SameBitsTests
{
    // Chunk 0: 4, 6, 2, 6 time steps and an idle lane; chunk 1: idle, 1, idle, 5, idle.
    private static readonly int[] Lengths = [4, 7, 2, 11];

    private static readonly DropoutSpec[] Dropouts =
    [
        new() { Between = 0.4, Locked = true }, new() { Input = 0.3 }, new() { Output = 0.3, Between = 0.2 }, new() { Embedding = 0.3 },
        new() { Between = 0.1, Embedding = 0.3, Input = 0.2, Output = 0.4, Locked = true },
    ];

    public static TheoryData<NetworkKind> Kinds { get; } =
    [
        .. from cell in TestChoices.Cells
           from layers in new[] { 1, 3 }
           from tokens in new[] { false, true }
           select new NetworkKind(cell, layers, tokens, tokens, layers == 1 ? 0 : 0.4),
        .. from cell in TestChoices.Cells
           from values in new[] { 0, 3 }
           select new NetworkKind(cell, 2, Tokens: false, Classes: false, 0.4, Columns: 3, Values: values),
        .. from loss in ReferenceCase.Losses
           select new NetworkKind("lstm", 1, loss.Value.OfClasses, loss.Value.OfClasses, 0, IsMasked: true, Loss: loss.Key),
    ];

    [Theory, MemberData(nameof(Kinds))]
    public void Chunk_HasTheBitsOfTheCpu(NetworkKind kind) => Same(new(kind, Lengths, lanes: 5, chunkLength: 6));

    /// <summary>Of tokens, whose vectors may be dropped whole, and of values with two columns of classes.</summary>
    [Theory]
    [InlineData("lstm", true, 0)]
    [InlineData("gru", false, 2)]
    public void Chunk_HasTheBitsOfTheCpu_WhateverIsDropped(string cell, bool tokens, int columns) => Assert.All(
        Dropouts,
        dropout => Same(new(
            new(cell, 2, tokens, tokens, 0, Columns: columns), Lengths, 5, 6, model => model with { Dropout = dropout })));

    /// <summary>Around the edges of blocks, of what shared memory holds, and with several blocks along units and lanes.</summary>
    [Theory]
    [InlineData("lstm", 1, 1)]
    [InlineData("lstm", 33, 5)]
    [InlineData("gru", 21, 70)]
    [InlineData("rnn", 65, 3)]
    [InlineData("lstm", 130, 2)]
    public void Chunk_HasTheBitsOfTheCpu_WhateverItsSize(string cell, int units, int lanes)
    {
        int[] lengths = [.. Enumerable.Range(0, lanes).Select(lane => 2 + (lane % 3))];

        Same(new(new(cell, 2, Tokens: false, Classes: false, 0.3), lengths, lanes, 3, model => model with { HiddenSize = units }));
    }

    /// <summary>What a model may have besides its cells, each by itself and all of it; with units that need several blocks, too.</summary>
    [Theory]
    [InlineData("lstm", 5)]
    [InlineData("lstm", 40)]
    [InlineData("gru", 33)]
    [InlineData("{name: gru, resetAfter: false}", 40)]
    [InlineData("mingru", 5)]
    [InlineData("{name: lstm, projectionSize: 2}", 5)]
    [InlineData("{name: lstm, projectionSize: 2}", 40)]
    public void Chunk_HasTheBitsOfTheCpu_WhateverTheModelHas(string cell, int units)
    {
        bool hasWeights = ((RecurrentCell)TestChoices.Cell(cell)).HasHiddenWeights;
        DropoutSpec zoned = new() { Zoneout = 0.3, ZoneoutCell = cell.Contains("lstm", StringComparison.Ordinal) ? 0.4 : 0 };
        DropoutSpec dropped = new() { Weight = hasWeights ? 0.3 : 0, Between = 0.2 };
        DropoutSpec every = zoned with { Weight = dropped.Weight, Between = 0.2, Output = 0.1 };
        Assert.All(
            (Func<ModelSpec, ModelSpec>[])
            [
                model => model with { Residual = true }, model => model with { LayerNorm = true },
                model => model with { LearnInitialState = true }, model => model with { Dropout = zoned },
                model => model with { Dropout = dropped }, model => model with { Dropout = new() { Zoneout = 0.2, Locked = true } },
                model => model with { Residual = true, LayerNorm = true, LearnInitialState = true, Dropout = every },
            ],
            change => Same(new(
                new(cell, 3, Tokens: false, Classes: false, 0), Lengths, 2, 6, model => change(Sized(model, units)))));
    }

    /// <summary>Of a projection, one that needs several blocks where the units do.</summary>
    private static ModelSpec Sized(ModelSpec model, int units) => model with
    {
        HiddenSize = units,
        Cell = units > 33 && model.Cell.Projection is not null ? new LstmCell { ProjectionSize = 33 } : model.Cell,
    };

    /// <summary>Of whole sequences, with values, columns of classes, or tokens whose vectors may be dropped.</summary>
    [Theory]
    [InlineData("lstm", false, 0, 3, 1)]
    [InlineData("gru", false, 2, 3, 2)]
    [InlineData("rnn", false, 1, 0, 2)]
    [InlineData("lstm", true, 0, 0, 3)]
    [InlineData("{name: gru, resetAfter: false}", true, 0, 0, 1)]
    public void Chunk_HasTheBitsOfTheCpu_InBothDirections(string cell, bool tokens, int columns, int values, int layers) => Assert.All(
        (DropoutSpec[])[new(), new() { Between = layers > 1 ? 0.3 : 0, Embedding = tokens ? 0.4 : 0 }],
        dropout => Same(new(
            new(cell, layers, tokens, tokens, 0, Columns: columns, Values: values), Lengths, 4, 11,
            model => model with { Bidirectional = true, HiddenSize = 7, Dropout = dropout })));

    [Fact]
    public void Head_MayHaveTheEmbeddingsWeight() => Same(new(
        new("lstm", 1, Tokens: true, Classes: true, 0), Lengths, 5, 6,
        model => model with { TieWeights = true, HiddenSize = 3, OutputSize = 6 }));

    private static void Same(ReferenceCase example)
    {
        using var expected = new FusedReplica(example.Model, example.Loss);

        // Threads and branches in both orders, waves of two time steps and of one; the second device is too small for all blocks, which
        // then run time step by time step.
        foreach (bool backwards in (bool[])[false, true])
        {
            using var device = new Emulator(backwards, atOnce: backwards ? 1 : 16);
            using var actual = new GpuReplica(device, example.Model, example.Loss, partSteps: backwards ? 1 : 2);
            for (long chunk = 0; chunk < Math.Min(2, example.Plan.Steps); chunk++)
            {
                var (wanted, found) = (Run(expected, example, chunk), Run(actual, example, chunk));

                Bits.Same([wanted.Loss, wanted.Evaluated], [found.Loss, found.Evaluated]);
                Bits.Same(wanted.Hidden, found.Hidden);
                Bits.Same(wanted.Outputs, found.Outputs);
                Bits.Same(wanted.Gradient, found.Gradient);
            }
        }
    }

    private static (double Loss, double Evaluated, float[] Hidden, float[] Gradient, float[] Outputs) Run(
        IReplica replica, ReferenceCase example, long chunk)
    {
        var batch = example.Batch(chunk);
        float[] hidden = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];
        float[] outputs = new float[batch.Rows * example.Model.OutputSize!.Value];
        replica.LoadParameters(example.Parameters);
        double loss = replica.ForwardBackward(batch, example.Dropout(chunk), example.HiddenBefore, hidden, gradient);
        return (loss, replica.Forward(batch, example.HiddenBefore, hidden, outputs), hidden, gradient, outputs);
    }
}
