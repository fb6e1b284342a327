using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>What becomes of runs where the second of a silo's two GPUs, emulated, computes something else than the CPU.</summary>
[Slow]
public sealed class RefusedDeviceTests
{
    private static readonly DeviceName Wrong = new("cuda:1");

    private readonly GpuDevices _devices = new(
        () => new(CudaDevices: 2),
        ordinal => new Emulator(device: $"cuda:{ordinal}", skips: ordinal == Wrong.CudaIndex ? "sum_rows" : null));

    /// <summary>
    /// Runs that name the device fail at once with what was found, also those after the first, which was the one to find it; a run that
    /// names none trains on the other device.
    /// </summary>
    [Fact]
    public async Task Run_ThatNamesTheDevice_FailsAtOnce()
    {
        await using var cluster = await Start();
        var spec = TestSpecs.Average(trainers: 2);

        var (first, second) = (await Fail(), await Fail());
        var other = await cluster.Train(spec);

        Assert.All([first, second], failed =>
        {
            Assert.Equal((RunState.Failed, 0), (failed.Status.State, failed.Status.Step));
            Assert.Contains("cuda:1 does not compute what the CPU does: of ", failed.Status.Message, StringComparison.Ordinal);
        });
        RunAssert.SameSteps(Oracle.Of(spec), other);
        Assert.All(other.Status.Trainers, trainer => Assert.Equal("cuda:0", trainer.Device));

        async Task<FinishedRun> Fail() =>
            await cluster.Watch(await cluster.Submit(spec.OnEngine("fused") with { Device = Wrong }));
    }

    /// <summary>A run that leaves the choice to the silo, and meets the device first, trains on the other one.</summary>
    [Fact]
    public async Task Run_ThatNamesNone_TrainsOnTheOther()
    {
        await using var cluster = await Start();
        var spec = TestSpecs.Average(trainers: 2);

        var finished = await cluster.Train(spec);

        RunAssert.SameSteps(Oracle.Of(spec), finished);
        Assert.All(finished.Status.Trainers, trainer => Assert.Equal("cuda:0", trainer.Device));
    }

    private Task<TestSilos> Start() => TestSilos.Start(1, silo =>
    {
        silo.Services.AddSingleton<FindDevices>(_ => _ => _devices.Found);
        silo.Services.AddSingleton<OpenReplica>(
            (spec, device) => device.CudaIndex is null ? Engine.Open(spec, device)
                : GpuEngine.Open(_devices, spec.Model, spec.Train.Loss, device));
    }, slots: 2);
}
