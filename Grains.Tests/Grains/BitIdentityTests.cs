using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.Grains;

public sealed class BitIdentityTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    public async Task Run_GivesTheSameBits_OnOneSiloOnThreeAndWithoutGrains(double dropout)
    {
        var spec = TestSpecs.Average(trainers: 4, layers: 2, dropout, validationFraction: 0.2);
        var delays = new DelayedReplies(seed: 7);
        await using var one = await TestSilos.Start(1);
        await using var three = await TestSilos.Start(3, silo => silo.AddIncomingGrainCallFilter(delays));

        var oracle = Oracle.Of(spec);
        var runs = new[] { await one.Train(spec), await three.Train(spec) };

        Assert.Equal(3, runs[1].Status.Trainers.Select(trainer => trainer.Silo).Distinct().Count());
        Assert.True(delays.Count >= 4 * oracle.Steps.Count, $"{delays.Count} replies were held back");
        foreach (var run in runs)
        {
            Assert.Equal(RunState.Completed, run.End.State);
            Bits.Same(oracle.Steps.Select(step => step.Loss), run.StepLosses);
            Bits.Same(oracle.Steps.Select(step => step.GradientNorm), run.GradientNorms);
            Bits.Same(oracle.EpochLosses, run.EpochLosses);
            Bits.Same(oracle.ValidationLosses.OfType<double>(), run.Status.ValidationLosses);
            Bits.Same(oracle.State.Parameters, run.Model(oracle.State.Layout));
        }

        Assert.Equal(
            SafetensorsFile.ReadHeader(runs[0].Directory.Hidden).Tensors.Select(tensor => tensor.Name),
            SafetensorsFile.ReadHeader(runs[1].Directory.Hidden).Tensors.Select(tensor => tensor.Name));
    }
}
