using System.Text.Json;
using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Metrics;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Figures of forecasts against their definitions: <c>scores.py</c> made them, by integrals and sums in 25 digits.</summary>
public sealed class ScoreGoldenTests
{
    /// <summary>
    /// Integrals of mpmath's quadrature are off by 1e-12 or so of what they are; the incomplete beta function of ours by 1e-11 at most,
    /// which is multiplied by the distance of the target.
    /// </summary>
    private const double Tolerance = 1e-10;

    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "scores.json"))).RootElement;

    private static readonly (string Name, Func<double[], double> Function)[] Functions =
    [
        ("normal", x => PortableScores.Normal(x[0])), ("student", x => PortableScores.Student(x[0], x[1])),
        ("negativeBinomial", x => PortableScores.NegativeBinomial(x[0], x[1], x[2])),
    ];

    private static readonly JsonElement[] All = [.. Golden.GetProperty("cases").EnumerateArray()];

    public static TheoryData<string> Names { get; } = [.. Functions.Select(one => one.Name)];

    public static TheoryData<int, string> Cases { get; } =
        new(All.Index().Select(one => (one.Index, one.Item.GetProperty("spec").GetString()!)));

    [Theory, MemberData(nameof(Names))]
    public void Score_IsTheIntegral(string name)
    {
        var function = Functions.Single(one => one.Name == name).Function;
        Assert.All(Golden.GetProperty(name).EnumerateArray(), row =>
        {
            double[] numbers = [.. row.EnumerateArray().Select(one => one.GetDouble())];
            double found = function(numbers[..^1]);
            Assert.True(Near(numbers[^1], found), $"{string.Join(", ", numbers[..^1])}: found {found:R}, expected {numbers[^1]:R}");
        });
    }

    [Fact]
    public void ScoreOfLargeCounts_IsThatOfTheExponentialDistribution()
    {
        // A geometric distribution of mean μ is an exponential one for large μ, whose score at y = μ is μ (1 + 2/e − 3/2).
        double expected = 1e7 * ((2 / Math.E) - 0.5);
        Assert.Equal(expected, PortableScores.NegativeBinomial(1e7, 1e7, 1), 1e-6 * expected);
        Assert.Equal(double.NaN, PortableScores.NegativeBinomial(1, double.NaN, 1));
        Assert.Equal(double.NaN, PortableScores.NegativeBinomial(1, 1, double.PositiveInfinity));
        Assert.Equal(double.NaN, PortableScores.Student(0, 1));
    }

    /// <summary>Masked targets are left out, and sums of parts are those of all.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Figures_AreThoseOfTheDefinitions(int index, string spec)
    {
        var golden = All[index];
        var loss = (Loss)SpecFixture.Sound(SpecFixture.Sine.With("  loss: " + spec)).Train.Loss;
        var metrics = ValueMetrics.Of(loss);
        double[][] predictions =
        [
            .. golden.GetProperty("predictions").EnumerateArray().Select(
                row => row.EnumerateArray().Select(one => one.GetDouble()).ToArray()),
        ];
        double[] targets = [.. golden.GetProperty("targets").EnumerateArray().Select(Number)];
        double naive = Number(golden.GetProperty("naiveError"));
        var numbers = new double[metrics.Numbers];
        foreach (Range part in (Range[])[0..5, 5..targets.Length])
        {
            double[] outputs = [.. predictions[part].Select(row => row[loss.Point])];
            double[] all = loss.Predictions.Count == 1 ? [] : [.. predictions[part].SelectMany(row => row)];
            metrics.Add(outputs, targets[part], all, naive, numbers);
        }

        var figures = TargetFigures.Of(numbers, metrics)!;

        Assert.Equal(targets.Count(target => !double.IsNaN(target)), figures.Count);
        var found = metrics.All.Zip(figures.Values).Where(one => !double.IsNaN(one.Second))
            .ToDictionary(one => one.First.Name, one => one.Second);
        var expected = golden.GetProperty("figures").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetDouble());
        Assert.Equal(expected.Keys, found.Keys);
        Assert.All(expected, one => Assert.True(Near(one.Value, found[one.Key]), $"{one.Key}: {found[one.Key]:R} for {one.Value:R}"));
    }

    [Fact]
    public void EveryDistribution_HasAGolden_AndNoLossMoreFiguresThanThereIsRoomFor()
    {
        Assert.Equal(
            LossFunctions.All.Where(loss => loss.IsDistribution).Select(loss => loss.Word),
            Cases.Select(one => (string)one.Data.Item2).Select(spec => spec.Split(',')[0].Replace("{name: ", "", StringComparison.Ordinal))
                .Where(word => LossFunctions.All.Single(loss => loss.Word == word).IsDistribution));
        Assert.Equal(ValueMetrics.Most, ValueMetrics.Of(
            new Quantile { Quantiles = new([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) }).All.Count);
        Assert.Equal(7, ValueMetrics.Of(new Quantile { Quantiles = new([.. Enumerable.Range(1, 99).Select(i => i / 100.0)]) }).All.Count);
    }

    private static bool Near(double expected, double found) => Math.Abs(found - expected) <= Tolerance * Math.Max(1, Math.Abs(expected));

    private static double Number(JsonElement one) => one.ValueKind == JsonValueKind.Null ? double.NaN : one.GetDouble();
}
