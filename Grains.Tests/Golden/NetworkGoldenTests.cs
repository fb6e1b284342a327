using System.Text.Json;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Replicas;
using Orleans.Tbptt.Training.Steps;
using Orleans.Tbptt.Training.Torch.Native;

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

    public static TheoryData<string, string> Models { get; } = new(
        Golden.Select(Key).SelectMany(model => new[] { ("fused", model), ("torch", model) })
            .Where(one => one.Item1 == "fused" || IsOfTorch(Spec(one.model))));

    [Theory, MemberData(nameof(Models))]
    public void LossStatesAndGradients_AreThoseOfAutograd(string engine, string model)
    {
        NativeBackend.Initialize();
        var golden = Golden.Single(one => Key(one) == model);
        var spec = Spec(model);
        using var replica = TestChoices.Engine(engine).Create(spec, new SquaredError(), DeviceName.Cpu);
        Assert.Equal(
            golden.GetProperty("parameters").EnumerateObject().Select(one => $"{one.Name} [{string.Join(", ", Numbers(one.Value))}]"),
            replica.Layout.Slots.Select(slot => $"{slot.Name} [{string.Join(", ", slot.Shape)}]"));
        replica.LoadParameters(Parameters(replica.Layout));
        float[] parameters = Parameters(replica.Layout), before = InitialState.Of(replica.Layout, parameters, Lengths.Length);
        float[] after = new float[before.Length];
        var gradient = new float[replica.Layout.Length];
        var shape = spec.Embedding is null ? new DataShape(2, 0, 2, 0) : new(0, 5, spec.OutputSize!.Value, 0);
        long chunk = 0;
        GoldenAssert.Losses([golden.GetProperty("evaluated").GetDouble()], [replica.Forward(Batch(0, shape), before, after, [])], "loss");
        foreach (var expected in golden.GetProperty("chunks").EnumerateArray())
        {
            var dropout = new DropoutMasks(Seed: 3, Step: chunk, FirstLane: 0, spec.Dropout);
            double loss = replica.ForwardBackward(Batch(chunk++, shape), dropout, before, after, gradient);

            GoldenAssert.Losses([expected.GetProperty("loss").GetDouble()], [loss], "loss");
            float[] states = HiddenTensors.Of(spec, Lengths.Length, after);
            foreach (var slot in HiddenTensors.Slots(spec, Lengths.Length))
                GoldenAssert.Values(Numbers(expected.GetProperty("states").GetProperty(slot.Name)), Of(states, slot), slot.Name);
            foreach (var slot in replica.Layout.Slots)
                GoldenAssert.Values(Numbers(expected.GetProperty("gradient").GetProperty(slot.Name)), Of(gradient, slot), slot.Name);
            (before, after) = (after, before);
        }

        // As it was before anything was dropped.
        before = InitialState.Of(replica.Layout, parameters, Lengths.Length);
        GoldenAssert.Losses([golden.GetProperty("evaluated").GetDouble()], [replica.Forward(Batch(0, shape), before, after, [])], "loss");
    }

    /// <summary>Each cell of the list, and its variants.</summary>
    [Fact]
    public void EveryCell_HasAGolden() =>
        Assert.Subset(Golden.Select(one => Spec(Key(one)).Cell).ToHashSet(), TestChoices.Cells.Select(TestChoices.Cell).ToHashSet());

    private static bool IsOfTorch(ModelSpec model) => model is { Cell.TorchModule: not null, Dropout: { Weight: 0, Zones: false } };

    private static string Key(JsonElement golden) => golden.GetProperty("model").GetString()!;

    private static ModelSpec Spec(string model) => SpecFixture.Sound(
        model.Contains("vocabulary", StringComparison.Ordinal) ? SpecFixture.Bytes : SpecFixture.Sine,
        $"model={{hiddenSize: 3, layers: 2, {model}}}").Model;

    private static float[] Parameters(ParameterLayout layout) =>
    [
        .. layout.Slots.SelectMany((slot, place) => Enumerable.Range(0, slot.Length).Select(
            j => (float)((1.2 * CounterRandom.Uniform(CounterRandom.Derive(ParameterKey, (ulong)place), (ulong)j)) - 0.6))),
    ];

    private static ChunkBatch Batch(long chunk, DataShape shape)
    {
        var batch = new ChunkBatch(shape);
        var sequences = new FormulaSequences(shape, Lengths, DataKey);
        batch.Load(
            sequences, ChunkPlan.Create(sequences, Lengths.Length, ChunkSplit.OfLength(ChunkLength)), chunk, new(0, Lengths.Length));
        return batch;
    }

    private static ReadOnlySpan<float> Of(float[] values, ParameterSlot slot) => values.AsSpan(slot.Offset, slot.Length);

    private static double[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(value => value.GetDouble())];
}
