using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Tests.Training.Engines;

public sealed class DeviceSelectorTests
{
    private static readonly DeviceSelector NoGpu = new(CudaDevices: 0, "none was looked for; look");
    private static readonly DeviceSelector TwoGpus = new(CudaDevices: 2);

    [Fact]
    public void Resolve_TakesTheFirstGpu_WhenAutoIsAskedForAndThereIsOne()
    {
        Assert.Equal("cuda:0", TwoGpus.Resolve(DeviceName.Auto).Text);
        Assert.Equal("cpu", NoGpu.Resolve(DeviceName.Auto).Text);
    }

    [Fact]
    public void Available_NamesGpusBeforeTheCpu_WhenThereAreTwo() =>
        Assert.Equal(["cuda:0", "cuda:1", "cpu"], TwoGpus.Available().Select(device => device.Text));

    [Theory]
    [InlineData("auto")]
    [InlineData("cpu")]
    public void Resolve_NamesAnAvailableDevice_WhateverTheMachineHas(string asked) =>
        Assert.Contains(TwoGpus.Resolve(new(asked)), TwoGpus.Available());

    [Theory]
    [InlineData(0, "cuda:0", "device cuda:0 is not available: no CUDA device found")]
    [InlineData(1, "cuda:1", "device cuda:1 is not available: this machine has only cuda:0")]
    [InlineData(2, "cuda:2", "device cuda:2 is not available: this machine has only 2 CUDA devices, cuda:0 to cuda:1")]
    public void Resolve_SaysWhatIsHereInstead_WhenTheGpuIsNot(int devices, string asked, string message)
    {
        var refusal = Assert.Throws<DeviceUnavailableException>(() => new DeviceSelector(devices).Resolve(new(asked)));

        Assert.StartsWith(message, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("device: auto", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Equal(asked, refusal.Device.Text);
    }

    [Fact]
    public void Resolve_SaysWhyTheEngineSeesNoGpu() => Assert.StartsWith(
        "device cuda:0 is not available: none was looked for; look, or use device: auto",
        Assert.Throws<DeviceUnavailableException>(() => NoGpu.Resolve(new("cuda:0"))).Message, StringComparison.Ordinal);

    [Fact]
    public void ThisMachine_NeedsNoLibtorch_WhenTheCpuIsAskedFor() =>
        Assert.Equal(new DeviceSelector(CudaDevices: 0), DeviceSelector.ThisMachine(DeviceName.Cpu));

    [Fact]
    public void ThisMachine_RefusesAGpuInOneLine_WithoutOne()
    {
        var here = DeviceSelector.ThisMachine(new("cuda:0"));
        Assert.SkipWhen(here.CudaDevices > 0, "This machine has a GPU.");

        Assert.Equal("cpu", Assert.Single(here.Available()).Text);
        var refusal = Assert.Throws<DeviceUnavailableException>(() => here.Resolve(new("cuda:0")));
        Assert.DoesNotContain('\n', refusal.Message);
    }

    /// <summary>Of devices that are there but cannot be used the reason is said.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Resolve_SaysWhyOthersCannotBeUsed(int devices)
    {
        var selector = new DeviceSelector(devices, "cuda:2 is too old");

        var refusal = Assert.Throws<DeviceUnavailableException>(() => selector.Resolve(new("cuda:2")));

        Assert.Contains("(cuda:2 is too old); use ", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, "nvidia0")]
    [InlineData(true, "nvidia3", "nvidiactl")]
    [InlineData(true, "dxg")]
    [InlineData(false, "null", "dri")]
    public void Drivers_AreSeenByTheirDeviceFiles(bool expected, params string[] devices)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no device files.");
        using var directory = new TemporaryDirectory();
        foreach (string device in devices)
            File.WriteAllText(directory.File(device), "");

        Assert.Equal(expected, GpuDrivers.MayHaveNvidia(directory.Path));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(2, null, "nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm")]
    [InlineData(1, "3", "nvidia0", "nvidia3")]
    [InlineData(0, "", "nvidia0")]
    [InlineData(null, "MIG-1234", "nvidia0")]
    [InlineData(null, null, "dxg")]
    [InlineData(null, null, "nvidiactl")]
    public void Gpus_AreCountedByTheirDeviceFiles_WhereTheseSay(int? expected, string? visible, params string[] devices)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no device files.");
        using var directory = new TemporaryDirectory();
        foreach (string device in devices)
            File.WriteAllText(directory.File(device), "");

        Assert.Equal(expected, GpuDrivers.CountNvidia(directory.Path, visible));
    }

    [Theory]
    [InlineData("Orleans.Tbptt.Training.Missing", "TorchEngine")]
    [InlineData("Orleans.Tbptt.Training", "TorchEngine")]
    [InlineData("Orleans.Tbptt.Training", "SingleProcessTrainer")]
    public void Load_SaysInOneLineWhatIsMissing_WhenTheAssemblyOrItsTypeIsMissing(string assembly, string type)
    {
        var refusal = Assert.Throws<EngineUnavailableException>(() => EngineLibraries.Load(assembly, type, "libtorch"));

        Assert.StartsWith($"libtorch cannot be loaded: {assembly}.dll is missing", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
