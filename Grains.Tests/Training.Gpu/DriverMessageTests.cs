using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Driver;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>What is said where a GPU cannot be used: one line with what was found, what is expected and what to do.</summary>
public sealed class DriverMessageTests
{
    [Fact]
    public void Find_SaysThatTheDriverIsMissing_OnAMachineWithoutOne()
    {
        Assert.SkipWhen(GpuDrivers.MayHaveNvidia(), "This machine may have a GPU.");

        var found = CudaDevices.Find();

        Assert.Equal(0, found.CudaDevices);
        Assert.Contains("NVIDIA's driver", found.WhyNone, StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_NameTheCauseAndTheRemedy()
    {
        string[] said =
        [
            CudaDevices.NoDriver, CudaDevices.WhyNone(Cuda.NoDevice, ""), CudaDevices.WhyNone(803, "the driver is older (error 803)"),
            CudaDevices.TooOld(11040), CudaDevices.TooWeak("cuda:0", "Tesla T4", 75),
            CudaException.Of(
                719, "cuda:0", $"launch {new LaunchShape("sum_rows", 4, 2, 128)}", "unspecified launch failure (error 719)").Message,
            CudaException.Of(
                700, "cuda:0", CudaException.Waiting(new LaunchShape("sum_rows", 4, 2, 128)), "an illegal memory access (error 700)")
                .Message,
            CudaException.NoPageLocked("cuda:0", 3 << 20),
        ];

        Assert.All(said, message => Assert.DoesNotContain('\n', message));
        Assert.Contains("docker run --gpus all", said[0], StringComparison.Ordinal);
        Assert.Contains("CUDA_VISIBLE_DEVICES", said[1], StringComparison.Ordinal);
        Assert.Contains("does not start: the driver is older (error 803)", said[2], StringComparison.Ordinal);
        Assert.Contains("is of CUDA 11.4, expected 11.8 or newer", said[3], StringComparison.Ordinal);
        Assert.Contains("cuda:0 (Tesla T4) has compute capability 7.5, expected 8.0 or higher", said[4], StringComparison.Ordinal);
        Assert.Contains(
            "cuda:0: cannot launch kernel sum_rows on a grid of 4 × 2 blocks of 128 threads: unspecified launch failure (error 719); ",
            said[5], StringComparison.Ordinal);
        Assert.Matches(
            @"cuda:0: cannot finish its work, whose last part was kernel sum_rows on a grid of 4 × 2 blocks of 128 threads \(.*\): "
                + "an illegal",
            said[6]);
        Assert.StartsWith("cuda:0: the host cannot lock 3.0 MiB more of its memory", said[7], StringComparison.Ordinal);
    }

    [Fact]
    public void SelfCheck_PassesADevice_ThatHasTheBitsOfTheCpu()
    {
        using var device = new Emulator();

        SelfCheck.Run(device);

        Assert.NotEmpty(device.Launches);
    }

    [Fact]
    public void SelfCheck_RefusesADevice_ThatHasNot()
    {
        using var device = new Emulator(skips: "sum_rows");

        var refusal = Assert.Throws<EngineUnavailableException>(() => SelfCheck.Run(device));

        Assert.StartsWith("emulated does not compute what the CPU does: of ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("write device: cpu", refusal.Message, StringComparison.Ordinal);
    }
}
