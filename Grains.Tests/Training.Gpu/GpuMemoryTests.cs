using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Gpu;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

public sealed class GpuMemoryTests
{
    private static readonly ReferenceCase Example =
        new(new("lstm", 2, Tokens: false, Classes: false, 0.4), [40, 40, 40, 40], lanes: 4, chunkLength: 40);

    /// <summary>It fails one chunk; the device's memory is given back, and a smaller one runs.</summary>
    [Fact]
    public void Chunk_ThatDoesNotFit_IsOneErrorWithWhatWouldFit()
    {
        using var device = new Emulator(memory: 24 << 10);
        using var replica = new GpuReplica(device, Example.Model, Example.Loss);
        replica.LoadParameters(Example.Parameters);
        long before = device.FreeMemory;

        var refusal = Assert.Throws<OutOfDeviceMemoryException>(() => Run(replica, Example));

        Assert.Matches(
            @"^emulated is out of memory: 4 lanes × 40 time steps × hidden 5 in 2 layers need .* MiB, .* are free, in which "
                + @"4 lanes × \d+ time steps × hidden 5, or 4 lanes × 40 time steps × hidden \d would fit; "
                + "lower tbptt.chunkLength, data.batchSize or model.hiddenSize",
            refusal.Message);
        Assert.Equal(before, device.FreeMemory);
        string most = Regex.Match(refusal.Message, @"(\d+) time steps × hidden 5, or").Groups[1].Value;
        int fits = int.Parse(most, CultureInfo.InvariantCulture);
        Run(replica, new(new("lstm", 2, Tokens: false, Classes: false, 0.4), [40, 40, 40, 40], lanes: 4, chunkLength: fits));
    }

    [Fact]
    public void Parameters_ThatDoNotFit_AreOneErrorWithTheHiddenSizeThatWould()
    {
        using var device = new Emulator(memory: 1 << 10);
        using var replica = new GpuReplica(device, Example.Model, Example.Loss);

        var refusal = Assert.Throws<OutOfDeviceMemoryException>(() => replica.LoadParameters(Example.Parameters));

        Assert.Matches(
            @"^emulated is out of memory: the parameters of hidden 5 in 2 layers and their gradient need .*, in which hidden \d would fit; "
                + "lower model.hiddenSize", refusal.Message);
    }

    /// <summary>What is said to be needed is what is taken, the few numbers of a time step that the host adds aside.</summary>
    [Theory]
    [InlineData("lstm", false)]
    [InlineData("gru", true)]
    [InlineData("lstm", true, true)]
    [InlineData("{name: lstm, projectionSize: 2}", false)]
    public void Estimate_IsWhatAChunkTakes(string cell, bool tokens, bool hasAll = false)
    {
        var example = new ReferenceCase(
            new(cell, 2, tokens, tokens, 0.4), [40, 40, 40, 40], lanes: 4, chunkLength: 40,
            model => !hasAll ? model : model with
            {
                LayerNorm = true, Residual = true, LearnInitialState = true,
                Dropout = new() { Weight = 0.1, Zoneout = 0.1, ZoneoutCell = 0.1, Between = 0.4 },
            });
        using var device = new Emulator(memory: 1 << 30);
        using var replica = new GpuReplica(device, example.Model, example.Loss);
        replica.LoadParameters(example.Parameters);

        Run(replica, example);

        long expected = GpuMemory.Of(example.Model, example.Loss, 4, 40);
        Assert.InRange((1 << 30) - device.FreeMemory, expected * 0.9, expected * 1.05);
    }

    /// <summary>What kernels cannot count is one error; what they can count is none.</summary>
    [Theory]
    [InlineData(1024, 8, 4 * 1024)]
    [InlineData(64, 50_000, 50_000)]
    [InlineData(1, 1, 8)]
    public void Chunk_WhoseNumbersKernelsCannotCount_IsOneErrorWithItsSizes(int hidden, int outputs, int widest)
    {
        const int Lanes = 4096;
        var model = Example.Model with { HiddenSize = hidden, OutputSize = outputs };
        long most = (ChunkLimit.MostNumbers / widest) - Lanes;

        ChunkLimit.Ensure("cuda:0", model, outputs, Lanes, 100, most);
        var refusal = Assert.Throws<InvalidOperationException>(() => ChunkLimit.Ensure("cuda:0", model, outputs, Lanes, 100, most + 1));

        Assert.Matches(
            $@"^cuda:0: found a chunk of 4096 lanes × 100 time steps, hidden {hidden}, 3 inputs and {outputs} outputs or classes, of which "
                + $@"one buffer has {(most + 1 + Lanes) * widest} numbers, expected at most 2147479551, because .*; lower "
                + "tbptt.chunkLength or data.batchSize, or write device: cpu$",
            refusal.Message);
    }

    [Fact]
    public void Replica_GivesItsMemoryBack()
    {
        using var device = new Emulator(memory: 1 << 30);
        using (var replica = new GpuReplica(device, Example.Model, Example.Loss))
        {
            replica.LoadParameters(Example.Parameters);
            Run(replica, Example);
            Assert.InRange(device.PageLocked, 1, 8);
        }

        Assert.Equal((1 << 30, 0), (device.FreeMemory, device.PageLocked));
    }

    private static void Run(GpuReplica replica, ReferenceCase example) => replica.ForwardBackward(
        example.Batch(0), example.Dropout(0), example.HiddenBefore, new float[example.HiddenBefore.Length],
        new float[example.Layout.Length]);
}
