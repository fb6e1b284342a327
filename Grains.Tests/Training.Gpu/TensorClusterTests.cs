using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replay;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>A run that wants tensor cores, on a cluster of which one silo has a GPU, emulated.</summary>
[Slow]
public sealed class TensorClusterTests
{
    private static readonly RunSpec Average = TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.2);
    private static readonly RunSpec Spec = Average with { Train = Average.Train with { Precision = PrecisionKind.Tf32 } };

    /// <summary>Its trainers go to the GPU alone, to the same bits each time, which are not float32's but near them.</summary>
    [Fact]
    public async Task Run_KeepsToTheSiloWithTheGpu_AndIsRepeatable()
    {
        await using var silos = await TestSilos.Start(2, Devices(), slots: 2);

        var first = await silos.Train(Spec);
        var second = await silos.Train(Spec);

        foreach (var run in (FinishedRun[])[first, second])
        {
            Assert.Equal(RunState.Completed, run.Status.State);
            Assert.All(run.Status.Trainers, trainer => Assert.Equal("cuda:0", trainer.Device));
            Assert.Equal("fused 1, products in tf32 by tensor cores of the emulator", run.Status.Arithmetic);
        }

        double[] wanted = [.. Oracle.Of(Average).Steps.Select(step => step.Loss)], found = [.. first.StepLosses];
        double tolerance = TensorCores.Of(PrecisionKind.Tf32)!.Tolerance;
        Bits.Same(found, [.. second.StepLosses]);
        Assert.Equal(wanted.Length, found.Length);
        Assert.All(wanted.Zip(found), pair => Assert.InRange(Math.Abs(pair.Second - pair.First) / pair.First, 0, tolerance));
        Assert.NotEqual(wanted, found);
        await AssertComparedButNotComputed(first, second);
    }

    /// <summary>On a CPU nothing of it can be computed again; what both runs published is compared.</summary>
    private static async Task AssertComparedButNotComputed(FinishedRun first, FinishedRun second)
    {
        using var console = new ScriptedConsole();

        Assert.Equal(ExitCode.Failed, await console.RunAsync("verify", first.Directory.Path));
        Assert.Contains("a CPU has no tensor cores", console.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Completed, await console.RunAsync("bisect", first.Directory.Path, second.Directory.Path));
        var problem = Assert.Throws<ReplayException>(() => RunReplay.Open(first.Directory, new()).Dispose());
        Assert.Contains(
            "cannot be computed again here: found train.precision: tf32, expected float32, because this process computes on CPUs",
            problem.Message, StringComparison.Ordinal);
    }

    /// <summary>No CPU continues it: it waits for a GPU.</summary>
    [Fact]
    public async Task Run_WaitsForAGpu_WhereItsOwnIsLost()
    {
        var fuse = new FailingAccelerator.Fuse(300);
        await using var silos = await TestSilos.Start(2, Devices(fuse), slots: 2);
        var run = await silos.Submit(Spec);

        var coordinator = silos.Grains.GetGrain<ICoordinatorGrain>(run.Text);
        RunStatus status;
        do
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            status = await coordinator.GetStatus();
        }
        while (status.State != RunState.Queued && !status.HasEnded);

        Assert.True(fuse.IsBlown);
        Assert.Equal("waits for a silo that offers slots on a GPU to place trainers on", status.Message);
    }

    [Fact]
    public async Task Submission_IsRefused_WhereNoSiloHasAGpu()
    {
        await using var silos = await TestSilos.Start(1, slots: 2);

        var reply = await silos.Grains.GetGrain<ICatalogGrain>(0).Submit(
            new(RunId.Parse("refused"), Spec.Written(), Protocol: ProtocolVersion.Current));

        Assert.Equal(
            ("train.precision", "tf32, but no GPU on any of 1 silo"), (Assert.Single(reply.Problems).Key, reply.Problems[0].Found));
    }

    /// <summary>The first silo that asks has a GPU.</summary>
    private static Action<ISiloBuilder> Devices(FailingAccelerator.Fuse? fuse = null)
    {
        var gate = new Lock();
        string? first = null;
        return silo =>
        {
            silo.Services.AddSingleton<FindDevices>(services => _ =>
            {
                string own = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString();
                lock (gate)
                    return new(CudaDevices: (first ??= own) == own ? 1 : 0);
            });
            silo.Services.AddSingleton<OpenReplica>((spec, device) => device.CudaIndex is null ? Engine.Open(spec, device)
                : new GpuReplica(
                    fuse is null ? new Emulator(device: "cuda:0") : new FailingAccelerator(new Emulator(device: "cuda:0"), fuse),
                    spec.Model, spec.Train.Loss, ownsDevice: true, cores: TensorCores.Of(spec.Train.Precision, leastSide: 1)));
        };
    }
}
