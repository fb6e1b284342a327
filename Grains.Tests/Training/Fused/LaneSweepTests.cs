using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// All time steps of one lane in registers against one product after the other: bit for bit. A replica packs weights for the first only if
/// the chunk before had one lane, so that a chunk of several lanes before makes it take the second way.
/// </summary>
public sealed class LaneSweepTests
{
    /// <summary>Around the edges of registers, tiles and the first way's limit.</summary>
    public static MatrixTheoryData<int, string> Sizes { get; } = new([1, 3, 5, 16, 21, 40, 63, LaneSweep.MostUnits], ["lstm", "gru"]);

    [Theory, MemberData(nameof(Sizes))]
    public void Sweep_GivesTheBitsOfProducts_OfEveryTimeStep(int units, string cell)
    {
        const int lanes = LaneSweep.MostLanes;
        var model = new ModelSpec { Cell = TestChoices.Cell(cell), InputSize = 3, HiddenSize = units, Layers = 2, OutputSize = 2 };
        var narrow = Batch(lanes);
        var draws = new Draws(units);
        float[] parameters = draws.Floats(ParameterLayout.Of(model).Length, 0.5);
        float[] before = draws.Floats(lanes * ParameterLayout.Of(model).HiddenPerLane, 0.9);

        var (swept, byProducts) = (Run(model, parameters, null, narrow, before), Run(model, parameters, Batch(5), narrow, before));

        Assert.Equal(byProducts.Loss, swept.Loss);
        Bits.Same(byProducts.After, swept.After);
        Bits.Same(byProducts.Gradient, swept.Gradient);
    }

    private static ChunkBatch Batch(int lanes)
    {
        var shape = new DataShape(3, 0, 2, 0);
        var sequences = new FormulaSequences(shape, [.. Enumerable.Range(0, lanes).Select(_ => 9)], 7);
        var batch = new ChunkBatch(shape);
        batch.Load(sequences, ChunkPlan.Create(sequences, lanes, ChunkSplit.OfLength(20)), 0, new(0, lanes));
        return batch;
    }

    private static (double Loss, float[] After, float[] Gradient) Run(
        ModelSpec model, float[] parameters, ChunkBatch? wide, ChunkBatch narrow, float[] before)
    {
        using var replica = new FusedReplica(model, new SquaredError());
        float[] gradient = new float[parameters.Length], after = new float[before.Length];
        if (wide is not null)
        {
            float[] hidden = new float[wide.ActiveLanes.Length * replica.Layout.HiddenPerLane];
            replica.LoadParameters(parameters);
            replica.ForwardBackward(wide, DropoutMasks.None, hidden, new float[hidden.Length], gradient);
        }

        replica.LoadParameters(parameters);
        return (replica.ForwardBackward(narrow, DropoutMasks.None, before, after, gradient), after, gradient);
    }
}
