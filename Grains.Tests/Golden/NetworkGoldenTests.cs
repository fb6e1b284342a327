using System.Text.Json;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>
/// Every cell and every choice of a network against its equations in PyTorch's autograd, in float64: <c>networks.py</c> made them.
/// </summary>
public sealed class NetworkGoldenTests
{
    private const int ChunkLength = 4;
    private const ulong DataKey = 7, ParameterKey = 999;

    private static readonly int[] Lengths = [7, 5];

    private static readonly JsonElement[] Golden =
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "networks.json"))).RootElement
            .GetProperty("cases").EnumerateArray()];

    public static TheoryData<string> Models { get; } = [.. Golden.Select(Key)];

    [Theory, MemberData(nameof(Models))]
    public void LossStatesAndGradients_AreThoseOfAutograd(string model)
    {
        var golden = Golden.Single(one => Key(one) == model);
        var spec = Spec(model);
        using var replica = new FusedReplica(spec, new SquaredError());
        Assert.Equal(
            golden.GetProperty("parameters").EnumerateObject().Select(one => $"{one.Name} [{string.Join(", ", Numbers(one.Value))}]"),
            replica.Layout.Slots.Select(slot => $"{slot.Name} [{string.Join(", ", slot.Shape)}]"));
        replica.LoadParameters(Parameters(replica.Layout));
        float[] before = new float[Lengths.Length * replica.Layout.HiddenPerLane], after = new float[before.Length];
        var gradient = new float[replica.Layout.Length];
        long chunk = 0;
        foreach (var expected in golden.GetProperty("chunks").EnumerateArray())
        {
            double loss = replica.ForwardBackward(Batch(chunk++), DropoutMasks.None, before, after, gradient);

            GoldenAssert.Losses([expected.GetProperty("loss").GetDouble()], [loss], "loss");
            float[] states = HiddenTensors.Of(spec, Lengths.Length, after);
            foreach (var slot in HiddenTensors.Slots(spec, Lengths.Length))
                GoldenAssert.Values(Numbers(expected.GetProperty("states").GetProperty(slot.Name)), Of(states, slot), slot.Name);
            foreach (var slot in replica.Layout.Slots)
                GoldenAssert.Values(Numbers(expected.GetProperty("gradient").GetProperty(slot.Name)), Of(gradient, slot), slot.Name);
            (before, after) = (after, before);
        }
    }

    /// <summary>Each cell of the list, and its variants.</summary>
    [Fact]
    public void EveryCell_HasAGolden() =>
        Assert.Subset(Models.Select(one => Spec(one.Data).Cell).ToHashSet(), TestChoices.Cells.Select(TestChoices.Cell).ToHashSet());

    private static string Key(JsonElement golden) => golden.GetProperty("model").GetString()!;

    private static ModelSpec Spec(string model) =>
        SpecFixture.Sound(SpecFixture.Sine, $"model={{hiddenSize: 3, layers: 2, inputSize: 2, outputSize: 2, {model}}}").Model;

    private static float[] Parameters(ParameterLayout layout) =>
    [
        .. layout.Slots.SelectMany((slot, place) => Enumerable.Range(0, slot.Length).Select(
            j => (float)((1.2 * CounterRandom.Uniform(CounterRandom.Derive(ParameterKey, (ulong)place), (ulong)j)) - 0.6))),
    ];

    private static ChunkBatch Batch(long chunk)
    {
        var shape = new DataShape(2, 0, 2, 0);
        var batch = new ChunkBatch(shape);
        var sequences = new FormulaSequences(shape, Lengths, DataKey);
        batch.Load(
            sequences, ChunkPlan.Create(sequences, Lengths.Length, ChunkSplit.OfLength(ChunkLength)), chunk, new(0, Lengths.Length));
        return batch;
    }

    private static ReadOnlySpan<float> Of(float[] values, ParameterSlot slot) => values.AsSpan(slot.Offset, slot.Length);

    private static double[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(value => value.GetDouble())];
}
