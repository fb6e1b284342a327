using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>A run whose trainers compute on a GPU, emulated, on one silo, and on CPUs on the others.</summary>
[Slow]
public sealed class MixedClusterTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 4, layers: 2, dropout: 0.2);

    /// <summary>The silo with the GPU is lost in the middle of the run: the others continue.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_HasTheBitsOfCpus(bool losesTheGpu)
    {
        var address = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var silos = await TestSilos.Start(3, silo => silo.Services.AddSingleton<OpenReplica>(services =>
        {
            string own = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString();
            return (spec, device) => own == address.Task.Result
                ? new GpuReplica(new Emulator(device: "cuda:0"), spec.Model, spec.Train.Loss, ownsDevice: true)
                : Engine.Open(spec, device);
        }));
        var gpu = silos.Cluster.Silos[1];
        address.SetResult(gpu.SiloAddress.ToParsableString());
        var run = await silos.Submit(Spec);

        await silos.Until<StepCommitted>(run, step => step.Step >= 2);
        if (losesTheGpu)
            await silos.Cluster.KillSiloAsync(gpu, TestContext.Current.CancellationToken);
        var finished = await silos.Watch(run);

        RunAssert.SameSteps(Oracle.Of(Spec), finished);
        string[] devices = [.. finished.Status.Trainers.Select(trainer => trainer.Device).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(losesTheGpu ? ["cpu"] : ["cpu", "cuda:0"], devices);
    }
}
