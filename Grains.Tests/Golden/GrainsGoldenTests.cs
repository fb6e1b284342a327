using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Golden;

public sealed class GrainsGoldenTests(GrainsGoldenTests.OneSilo fixture) : IClassFixture<GrainsGoldenTests.OneSilo>
{
    public static TheoryData<string, int, string> Cases { get; } = GoldenCases.OnBothEngines();

    [Theory, MemberData(nameof(Cases))]
    public async Task Grains_ReproducePyTorch(string name, int trainers, string engine)
    {
        using var directory = new TemporaryDirectory();
        var golden = GoldenCase.Load(name);
        var spec = golden.Write(directory.Path, trainers).OnEngine(engine);

        var run = await fixture.Silos.Train(spec);

        Assert.Equal(RunState.Completed, run.Status.State);
        GoldenAssert.Losses(golden.StepLosses, run.StepLosses, "step loss");
        GoldenAssert.Losses(golden.GradientNorms, run.GradientNorms, "gradient norm");
        GoldenAssert.Losses(golden.EpochLosses, run.EpochLosses, "epoch loss");
        var layout = ParameterLayout.Of(spec.Model);
        float[] weights = run.Model(layout);
        foreach (var slot in layout.Slots)
            GoldenAssert.Values(golden.FinalWeights(slot.Name), weights.AsSpan(slot.Offset, slot.Length), slot.Name);
        var slots = HiddenTensors.Slots(spec.Model, golden.Lanes);
        float[] hidden = new float[slots.Sum(slot => slot.Length)];
        SafetensorsFile.ReadInto(run.Directory.Hidden, slots, hidden);
        GoldenAssert.Values(golden.FinalHidden, hidden.AsSpan(0, golden.FinalHidden.Length), "h");
    }

    public sealed class OneSilo : IAsyncLifetime
    {
        internal TestSilos Silos { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Silos = await TestSilos.Start(1);

        public ValueTask DisposeAsync() => Silos.DisposeAsync();
    }
}
