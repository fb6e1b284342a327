using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Cluster.Clients;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Custom;

namespace Orleans.Tbptt.Tests.Grains.Hosting;

/// <summary>Choices that a program adds, in the silos that it hosts.</summary>
[Slow]
public sealed class CustomChoicesInSilosTests
{
    private static readonly SpecText Spec = new(CustomChoicesTests.Spec, "ramp.yaml", "/");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_GivesTheBitsOfTheSingleProcess_OnTwoSilos()
    {
        var oracle = Oracle.Of(CustomChoicesTests.Fill(new()).Reader.Parse(Spec).Spec!);
        await using var silos = await TestSilos.Start(2, silo =>
            silo.Services.Configure<TbpttGrainsOptions>(options => CustomChoicesTests.Fill(options.Choices)));
        List<double> losses = [];

        var run = await silos.Cluster.Client.TrainAsync(Spec, cancellation: Cancellation);
        var status = await run.WaitAsync(
            (step, _) =>
            {
                losses.Add(step.Loss);
                return ValueTask.CompletedTask;
            },
            cancellation: Cancellation);

        Assert.Equal((RunState.Completed, ""), (status.State, status.Message));
        Assert.Equal(oracle.Steps.Select(step => step.Loss), losses);
        string resolved = await File.ReadAllTextAsync(silos.Directory(run.Id).Spec, Cancellation);
        Assert.Contains("loss: custom/half-square\n", resolved, StringComparison.Ordinal);
    }
}
