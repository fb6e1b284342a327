using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;
using Orleans.Tbptt.Tests.Support;

namespace Orleans.Tbptt.Tests.EndToEnd;

/// <summary>What a silo's process maps while it trains: libtorch alone is 350 MB resident.</summary>
[Slow]
public sealed class LoadedLibrariesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory(Timeout = 120_000)]
    [InlineData("fused", false)]
    [InlineData("auto", false)]
    [InlineData("torch", true)]
    public async Task Silo_MapsLibtorch_OnlyWhereTheRunComputesWithIt(string engine, bool expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        var spec = TestSpecs.Average(epochs: 100_000) with { Engine = TestChoices.Engine(engine), Device = DeviceName.Cpu };
        string file = _directory.File("spec.yaml");
        await File.WriteAllTextAsync(file, SpecWriter.ToYaml(spec), TestContext.Current.CancellationToken);
        using var console = ConsoleProcess.Start(_directory.File("runs"), "train", file, "--output", "json");
        await console.Await<StepCommitted>(_ => true, TestContext.Current.CancellationToken);

        string maps = await File.ReadAllTextAsync($"/proc/{Assert.Single(console.Silos())}/maps", TestContext.Current.CancellationToken);

        Assert.Contains("Orleans.Tbptt.Training.dll", maps, StringComparison.Ordinal);
        foreach (string library in (string[])["libtorch_cpu.so", "libLibTorchSharp.so", "TorchSharp.dll",
            "Orleans.Tbptt.Training.Torch.dll"])
            Assert.Equal(expected, maps.Contains(library, StringComparison.Ordinal));
        Assert.DoesNotContain("Orleans.Tbptt.Training.Gpu.dll", maps, StringComparison.Ordinal);
        console.Signal(2);
        Assert.Equal(130, await console.EndOfEvents(TestContext.Current.CancellationToken));
    }

    public void Dispose() => _directory.Dispose();
}
