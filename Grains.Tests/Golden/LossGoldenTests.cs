using System.Text.Json;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Losses of a chunk of two unequal lanes, with gradients, weights and predictions, against PyTorch's in float64.</summary>
public sealed class LossGoldenTests
{
    /// <summary>
    /// A gradient is rounded to float32 once or twice, 6e-8 of itself each, and a gradient of the softmax is of float32's exponential, off
    /// by some 2e-7; losses are sums in float64, but of the softmax, 11 terms of which each is off by 2e-7.
    /// </summary>
    private const double Tolerance = 1e-6, LossTolerance = 3e-6;

    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "losses.json"))).RootElement;

    private static readonly JsonElement[] All = [.. Golden.GetProperty("cases").EnumerateArray()];

    private static readonly int[] Lanes = [.. Golden.GetProperty("lanes").EnumerateArray().Select(one => one.GetInt32())];

    public static TheoryData<int, string> Cases { get; } =
        new(All.Index().Select(one => (one.Index, one.Item.GetProperty("spec").GetString()!)));

    [Theory, MemberData(nameof(Cases))]
    public void SumGradientAndWeight_AreTorchs(int index, string spec)
    {
        var golden = All[index];
        int width = golden.GetProperty("width").GetInt32(), classes = golden.GetProperty("classes").GetInt32();
        var loss = LossOf(spec);
        var batch = Batch(golden);
        Assert.Equal(classes > 0 ? 1 : width, loss.OutputsPerTarget);
        using var outputs = new Rows(width);
        outputs.Reserve(batch.Rows);
        double[] values = Numbers(golden, "outputs"), gradient = Numbers(golden, "gradient");
        var places = Places(batch);
        for (int row = 0; row < places.Length; row++)
        {
            for (int i = 0; i < width; i++)
                outputs.Span(places[row])[i] = (float)values[(row * width) + i];
        }

        float[] scratch = [];
        double sum = loss.Sum(outputs, batch, ref scratch);

        Near(golden.GetProperty("loss").GetDouble(), sum, LossTolerance);
        Near(golden.GetProperty("weight").GetDouble(), Loss.WeightOf(loss, batch), Tolerance);
        for (int row = 0; row < places.Length; row++)
        {
            for (int i = 0; i < width; i++)
                Near(gradient[(row * width) + i], outputs.Span(places[row])[i], Tolerance);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Predictions_AreThoseOfTheDistribution(int index, string spec)
    {
        var golden = All[index];
        float[] outputs = [.. Numbers(golden, "outputs").Select(value => (float)value)];

        new OutputMap(LossOf(spec)).Apply(outputs);

        // Rounded to float32 once.
        double[] expected = golden.TryGetProperty("predictions", out _) ? Numbers(golden, "predictions") : Numbers(golden, "outputs");
        for (int i = 0; i < outputs.Length; i++)
            Near(expected[i], outputs[i], 1e-7);
    }

    /// <summary>Each loss of the list has a golden, but those that are one line of arithmetic.</summary>
    [Fact]
    public void EveryLoss_HasAGolden() => Assert.Equal(
        LossFunctions.All.Select(loss => loss.Word).Except(["mse", "mae", "huber"]).Order(),
        Cases.Select(one => LossOf(one.Data.Item2).Word).Distinct().Order());

    private const string Labels = """
        model: {hiddenSize: 8}
        data: {source: "npz:labels.npz", batchSize: 4}
        tbptt: {chunkCount: 1}
        train: {epochs: 2, loss: ctc, optimizer: {name: sgd, lr: 0.5}}
        """;

    private static Loss LossOf(string spec) => (Loss)SpecFixture.Sound(
        spec.Contains("ctc", StringComparison.Ordinal) ? Labels
        : spec.Contains("cross_entropy", StringComparison.Ordinal) && spec != "binary_cross_entropy" ? SpecFixture.Bytes : SpecFixture.Sine,
        $"train.loss={spec}").Train.Loss;

    private static double[] Numbers(JsonElement golden, string name) =>
        [.. golden.GetProperty(name).EnumerateArray().Select(one => one.GetDouble())];

    private static void Near(double expected, double found, double tolerance) =>
        Assert.Equal(expected, found, tolerance * Math.Max(1, Math.Abs(expected)));

    private static ChunkBatch Batch(JsonElement golden)
    {
        int classes = golden.GetProperty("classes").GetInt32();
        var sequences = new Targets(Numbers(golden, "targets"));
        var batch = new ChunkBatch(new(1, 0, classes > 0 ? 0 : 1, classes));
        batch.Load(sequences, ChunkPlan.Create(sequences, Lanes.Length, ChunkSplit.OfLength(Lanes.Max())), 0, new(0, Lanes.Length));
        return batch;
    }

    /// <summary>Where the batch has the rows, which the golden has lane by lane.</summary>
    private static int[] Places(ChunkBatch batch)
    {
        var places = new int[batch.Rows];
        int first = 0;
        for (int lane = 0; lane < Lanes.Length; first += Lanes[lane++])
        {
            int position = batch.ActiveLanes.IndexOf(lane);
            foreach (var segment in batch.Segments)
            {
                for (int t = 0; t < segment.Steps && position < segment.Lanes; t++)
                    places[first + segment.FirstTime + t] = segment.FirstRow + (t * segment.Lanes) + position;
            }
        }

        return places;
    }

    private sealed class Targets(double[] all) : ISequenceSet
    {
        public int Count => Lanes.Length;

        public int Length(int sequence) => Lanes[sequence];

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => destination.Clear();

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => destination.Clear();

        public void ReadTargets(SequenceSlice slice, Span<float> destination)
        {
            for (int i = 0; i < slice.Length; i++)
                destination[i] = (float)all[Lanes[..slice.Sequence].Sum() + slice.Start + i];
        }

        public void ReadTargets(SequenceSlice slice, Span<long> destination)
        {
            for (int i = 0; i < slice.Length; i++)
                destination[i] = (long)all[Lanes[..slice.Sequence].Sum() + slice.Start + i];
        }
    }
}
