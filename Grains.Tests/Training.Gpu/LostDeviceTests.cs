using Microsoft.Extensions.DependencyInjection;
using Orleans.Tbptt.Grains.Silos;
using Orleans.Tbptt.Grains.Trainers;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>What becomes of runs when a silo's GPU, emulated, fails or has too little memory.</summary>
[Slow]
public sealed class LostDeviceTests
{
    private static readonly RunSpec Spec = TestSpecs.Average(trainers: 2, layers: 2, dropout: 0.2);
    private static readonly DeviceName Gpu = new("cuda:0");

    /// <summary>
    /// The device fails in the middle of the run: its silo does not offer it any more, and the run continues on another silo's GPU, on
    /// another silo's CPU, or on the CPU of the same silo where it is the only one; to the same bits.
    /// </summary>
    [Theory]
    [InlineData(2, true, "cuda:0")]
    [InlineData(2, false, "cpu")]
    [InlineData(1, false, "cpu")]
    public async Task Run_ContinuesElsewhere_ToTheSameBits(int silos, bool othersHaveGpus, string after)
    {
        var fuse = new FailingAccelerator.Fuse(300);
        var devices = new Devices(othersHaveGpus, inner => new FailingAccelerator(inner, fuse));
        await using var cluster = await TestSilos.Start(silos, devices.Add, slots: 2);
        var run = await cluster.Submit(Spec);

        var finished = await cluster.Watch(run);

        Assert.True(fuse.IsBlown);
        RunAssert.SameSteps(Oracle.Of(Spec), finished);
        Assert.All(finished.Status.Trainers, trainer => Assert.Equal(after, trainer.Device));

        // A second time where a trainer had answered before the device failed: it finds that out when the step is run again.
        var recovered = finished.Events.OfType<TrainersRecovered>()
            .Where(one => one.Reason.Contains("lost", StringComparison.Ordinal)).ToList();
        Assert.InRange(recovered.Count, 1, 2);
        Assert.All(recovered, one => Assert.Contains("CUDA_ERROR_LAUNCH_FAILED", one.Reason, StringComparison.Ordinal));
        var report = await cluster.Grains.GetGrain<ICatalogGrain>(0).Describe();
        var silo = report.Silos.Single(one => one.Address == devices.First);
        Assert.Equal(["cpu"], silo.Devices);
        Assert.Equal(["cuda:0"], silo.LostDevices);
    }

    /// <summary>A run whose chunk does not fit fails in one line that says what would; the silo trains the next one.</summary>
    [Fact]
    public async Task Run_ThatDoesNotFit_FailsAlone()
    {
        var devices = new Devices(false, inner => inner, memory: 600 << 10);
        await using var cluster = await TestSilos.Start(1, devices.Add, slots: 2);
        var large = Spec with { Tbptt = Spec.Tbptt with { ChunkLength = 100 }, Model = Spec.Model with { HiddenSize = 64 } };

        var failed = await cluster.Watch(await cluster.Submit(large));

        Assert.Equal(RunState.Failed, failed.Status.State);
        Assert.Matches(
            @"cuda:0 is out of memory: .*\d+ lanes × \d+ time steps × hidden \d+.* would fit; lower tbptt.chunkLength",
            failed.Status.Message);
        var next = await cluster.Train(Spec);
        RunAssert.SameSteps(Oracle.Of(Spec), next);
        Assert.All(next.Status.Trainers, trainer => Assert.Equal("cuda:0", trainer.Device));
        var report = await cluster.Grains.GetGrain<ICatalogGrain>(0).Describe();
        Assert.Equal(["cuda:0"], report.Silos.Single().Devices);
        Assert.Empty(report.Silos.Single().LostDevices);
    }

    /// <summary>Silos with emulated GPUs, each of which all trainers of its silo compute on.</summary>
    private sealed class Devices(bool othersHaveGpus, Func<IAccelerator, IAccelerator> first, long memory = long.MaxValue)
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, Emulator> _emulators = [];

        /// <summary>The first silo, which is the one that asks first.</summary>
        public string? First { get; private set; }

        public void Add(ISiloBuilder silo)
        {
            silo.Services.AddSingleton<FindDevices>(services => asked => HasGpu(services) ? new(CudaDevices: 1) : new(CudaDevices: 0));
            silo.Services.AddSingleton<OpenReplica>(services => (spec, device) => device.CudaIndex is null ? Engine.Open(spec, device)
                : new GpuReplica(Accelerator(services), spec.Model, spec.Train.Loss, ownsDevice: true));
        }

        private bool HasGpu(IServiceProvider services) => othersHaveGpus || IsFirst(services);

        private bool IsFirst(IServiceProvider services)
        {
            lock (_gate)
            {
                string own = AddressOf(services);
                return (First ??= own) == own;
            }
        }

        private IAccelerator Accelerator(IServiceProvider services)
        {
            bool isFirst = IsFirst(services);
            lock (_gate)
            {
                if (!_emulators.TryGetValue(AddressOf(services), out var emulator))
                    _emulators[AddressOf(services)] = emulator = new(memory: memory, device: Gpu.Text);
                var device = emulator.OpenAnother();
                return isFirst ? first(device) : device;
            }
        }

        private static string AddressOf(IServiceProvider services) =>
            services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToParsableString();
    }
}
