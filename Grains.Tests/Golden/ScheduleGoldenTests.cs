using System.Text.Json;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Specs;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Learning rates against those of <c>torch.optim.lr_scheduler</c>: <c>schedules.py</c> made them.</summary>
public sealed class ScheduleGoldenTests
{
    private const double Tolerance = 1e-12;

    public static TheoryData<string, double, double[]> Cases
    {
        get
        {
            using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "schedules.json")));
            var cases = new TheoryData<string, double, double[]>();
            foreach (var one in golden.RootElement.GetProperty("cases").EnumerateArray())
            {
                cases.Add(
                    one.GetProperty("spec").GetString()!, one.GetProperty("lr").GetDouble(),
                    [.. one.GetProperty("rates").EnumerateArray().Select(rate => rate.GetDouble())]);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Rates_AreTorchs_AtEveryStep(string schedule, double lr, double[] rates)
    {
        TrainSpec train = SpecFixture.Sound(SpecFixture.Sine, $"train.optimizer.lr={lr}", $"train.schedule={schedule}").Train;

        for (int step = 0; step < rates.Length; step++)
            Assert.Equal(rates[step], train.LearningRateAt(step, []), lr * Tolerance);
    }

    [Theory]
    [InlineData("{name: linear, steps: 30, end: 0.25}", 30, 0.25)]
    [InlineData("{name: cosine, steps: 30, minLr: 0.125, warmup: 5}", 35, 0.125)]
    [InlineData("{name: oneCycle, steps: 30}", 29, 1 / 25e4)]
    public void LastRate_Holds_PastTheEnd(string schedule, int steps, double last)
    {
        TrainSpec train = SpecFixture.Sound(SpecFixture.Sine, "train.optimizer.lr=1", $"train.schedule={schedule}").Train;

        Assert.NotEqual(last, train.LearningRateAt(steps - 1, []));
        foreach (long step in (long[])[steps, steps + 1, 1_000_000_000_000])
            Assert.Equal(last, train.LearningRateAt(step, []), last * Tolerance);
    }

    [Fact]
    public void Rate_IsTheOptimizers_WhereNoScheduleIsNamed()
    {
        TrainSpec train = SpecFixture.Sound(SpecFixture.Sine, "train.optimizer.lr=0.3").Train;

        Assert.All((long[])[0, 1, long.MaxValue - 1], step => Assert.Equal(0.3, train.LearningRateAt(step, [])));
        Assert.DoesNotContain("schedule", SpecWriter.ToYaml(SpecFixture.Sound(SpecFixture.Sine)), StringComparison.Ordinal);
    }

    /// <summary>A cycle so short, or a rise of so small a share, that it has no rising step.</summary>
    [Theory]
    [InlineData("{name: oneCycle, steps: 2}")]
    [InlineData("{name: oneCycle, steps: 10, pctStart: 0}")]
    [InlineData("{name: oneCycle, steps: 10, pctStart: 0.1}")]
    public void OneCycle_HasFiniteRates_HoweverShort(string schedule)
    {
        TrainSpec train = SpecFixture.Sound(SpecFixture.Sine, "train.optimizer.lr=1", $"train.schedule={schedule}").Train;

        Assert.All(Enumerable.Range(0, 12), step => Assert.InRange(train.LearningRateAt(step, []), 1 / 25e4 * 0.999, 1));
    }
}
