using System.Globalization;
using System.Text.Json;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Specs;
using Orleans.Tbptt.Training.Optimizers;

namespace Orleans.Tbptt.Tests.Golden;

/// <summary>Parameters under each update rule against those of <c>torch.optim</c> in float64: <c>optimizers.py</c> made them.</summary>
public sealed class OptimizerGoldenTests
{
    /// <summary>
    /// A step rounds a parameter of about 1 twice, 2^-24 each, and an update of at most 0.1 that is off by 2e-5 of itself, because
    /// 0.999 as a float32 is 1.3e-8 off, 1.3e-5 of the 1/1000 that it leaves.
    /// </summary>
    private const double TolerancePerStep = 2.2e-6;

    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "optimizers.json"))).RootElement;

    public static TheoryData<string> Cases { get; } =
        [.. Golden.GetProperty("cases").EnumerateArray().Select(one => one.GetProperty("spec").GetString()!)];

    [Theory, MemberData(nameof(Cases))]
    public void Parameters_AreTorchs_StepByStep(string spec)
    {
        var golden = Golden.GetProperty("cases").EnumerateArray().Single(one => one.GetProperty("spec").GetString() == spec);
        OptimizerSpec rule = SpecFixture.Sound(SpecFixture.Sine, $"train.optimizer={spec}").Train.Optimizer;
        float[] parameters = [.. Floats(Golden.GetProperty("start"))];
        var optimizer = Optimizer.Create(rule, parameters.Length);
        int step = 0, compared = 0;
        foreach (var gradient in Golden.GetProperty("gradients").EnumerateArray())
        {
            optimizer.Step(parameters, [.. Floats(gradient)], golden.GetProperty("lr").GetDouble());
            step++;
            if (!golden.GetProperty("parameters").TryGetProperty(step.ToString(CultureInfo.InvariantCulture), out var expected))
                continue;
            for (int i = 0; i < parameters.Length; i++)
                Assert.Equal(expected[i].GetDouble(), parameters[i], step * TolerancePerStep);
            compared++;
        }

        Assert.Equal(5, compared);
    }

    /// <summary>Each rule of the list has a golden, but Lion, which torch.optim does not have.</summary>
    [Fact]
    public void EveryRuleOfTorch_HasAGolden() => Assert.Equal(
        UpdateRules.All.Select(rule => rule.Word).Where(word => word != "lion").Order(),
        Cases.Select(one => SpecFixture.Sound(SpecFixture.Sine, $"train.optimizer={one.Data}").Train.Optimizer.Word).Distinct().Order());

    private static IEnumerable<float> Floats(JsonElement values) => values.EnumerateArray().Select(value => (float)value.GetDouble());
}
