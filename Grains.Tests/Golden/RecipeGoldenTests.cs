using System.Text.Json;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>What a training recipe does to rates and gradients, against PyTorch in float64: <c>recipes.py</c> made the figures.</summary>
public sealed class RecipeGoldenTests
{
    /// <summary>Both compute in double precision, by the same operations but for the order of factors.</summary>
    private const double RateTolerance = 1e-12;

    /// <summary>Half a unit in the last place of a float32 for the gradient, its factor and their product.</summary>
    private const double GradientTolerance = 2e-7;

    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "recipes.json"))).RootElement;

    public static TheoryData<int> Plateaus => [.. Enumerable.Range(0, Golden.GetProperty("plateaus").GetArrayLength())];

    public static TheoryData<int> Clips => [.. Enumerable.Range(0, Golden.GetProperty("clips").GetArrayLength())];

    [Theory, MemberData(nameof(Plateaus))]
    public void RateOnAPlateau_IsTorchs_AfterEveryEpoch(int index)
    {
        var golden = Golden.GetProperty("plateaus")[index];
        double lr = Golden.GetProperty("lr").GetDouble();
        double[] losses = Numbers(Golden.GetProperty("losses")), rates = Numbers(golden.GetProperty("rates"));
        TrainSpec train = SpecFixture.Sound(
            SpecFixture.Sine, $"train.optimizer.lr={lr}", $"train.schedule={golden.GetProperty("spec").GetString()}").Train;

        for (int epochs = 0; epochs < rates.Length; epochs++)
            Assert.Equal(rates[epochs], train.LearningRateAt(1000 + epochs, losses[..epochs]), lr * RateTolerance);
        Assert.NotEqual(rates[0], rates[^1]);
    }

    [Fact]
    public void Warmup_TakesItsShare_OfTheRateThatThePlateauLeaves()
    {
        TrainSpec train = SpecFixture.Sound(
            SpecFixture.Sine, "train.optimizer.lr=1", "train.schedule={name: reduceOnPlateau, patience: 0, warmup: 3}").Train;

        Assert.Equal([0.25, 0.5, 0.75, 1], Enumerable.Range(0, 4).Select(step => train.LearningRateAt(step, [])));
        Assert.Equal([0.05, 0.1], new long[] { 1, 3 }.Select(step => train.LearningRateAt(step, [1, 1])));
    }

    [Theory, MemberData(nameof(Clips))]
    public void ClippedGradient_IsTorchs(int index)
    {
        var golden = Golden.GetProperty("clips")[index];
        double? Limit(string name) => golden.GetProperty(name) is { ValueKind: JsonValueKind.Number } limit ? limit.GetDouble() : null;
        float[] gradient = [.. Numbers(golden.GetProperty("gradient")).Select(value => (float)value)];
        var train = TestSpecs.Average().Train with { ClipNorm = Limit("norm"), ClipValue = Limit("value") };

        Clipping.Apply(train, gradient, GradientNorm.Of(gradient));

        double[] expected = Numbers(golden.GetProperty("clipped"));
        Assert.All(expected.Zip(gradient), pair => Assert.Equal(pair.First, pair.Second, GradientTolerance));
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetDouble())];
}
