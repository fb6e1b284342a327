using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>Devices, emulated, of which one computes something else than the CPU: it is found out once, and refused from then on.</summary>
public sealed class GpuDevicesTests
{
    private const string Refused = "does not compute what the CPU does: of ";
    private static readonly DeviceName First = new("cuda:0"), Second = new("cuda:1");

    private int _opened;

    [Fact]
    public void NoDevice_IsOffered_WhereTheFirstOneIsWrong()
    {
        var devices = Of(wrong: 0);

        Assert.Equal(0, devices.Found.CudaDevices);
        Assert.Contains($"cuda:0 {Refused}", devices.Found.WhyNone, StringComparison.Ordinal);
        Assert.Throws<DeviceUnavailableException>(() => devices.Open(First));
        Assert.Equal(1, _opened);
    }

    [Fact]
    public void Device_ThatIsWrong_IsRefusedAtOnce_AndCheckedOnce()
    {
        var devices = Of(wrong: 1);

        Assert.Equal(2, devices.Found.CudaDevices);
        using (devices.Open(First))
        {
            for (int time = 0; time < 2; time++)
            {
                var lost = Assert.Throws<DeviceLostException>(() => devices.Open(Second));
                Assert.True(lost.FailedCheck);
                Assert.Equal(Second, lost.Device);
                Assert.StartsWith($"cuda:1 {Refused}", lost.Message, StringComparison.Ordinal);
            }
        }

        // Of each the check, and the first one.
        Assert.Equal(3, _opened);
    }

    /// <summary>What may pass is asked again.</summary>
    [Fact]
    public void Device_WithoutMemoryForTheCheck_IsNotRefusedForGood()
    {
        long memory = 1 << 10;
        var devices = new GpuDevices(() => new(CudaDevices: 2), ordinal => new Emulator(memory: ordinal == 1 ? memory : long.MaxValue));

        Assert.Throws<OutOfDeviceMemoryException>(() => devices.Open(Second));
        memory = 1 << 30;

        devices.Open(Second).Dispose();
    }

    /// <summary>A device whose tensor cores alone are wrong computes runs of float32 all the same.</summary>
    [Fact]
    public void Device_WhoseTensorCoresAreWrong_IsRefusedToRunsThatUseThem_Alone()
    {
        var devices = new GpuDevices(() => new(CudaDevices: 1), ordinal => new Emulator(skips: "product_tf32_"));

        var refused = Assert.Throws<EngineUnavailableException>(() => devices.Open(First, PrecisionKind.Tf32));

        Assert.Contains("precision: float32", refused.Message, StringComparison.Ordinal);
        devices.Open(First).Dispose();
    }

    private GpuDevices Of(int wrong) => new(
        () => new(CudaDevices: 2),
        ordinal =>
        {
            Interlocked.Increment(ref _opened);
            return new Emulator(device: $"cuda:{ordinal}", skips: ordinal == wrong ? "sum_rows" : null);
        });
}
