using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Kernels;
using Orleans.Tbptt.Training.Gpu.Network;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>Products and the emulator itself.</summary>
public sealed unsafe class KernelTests
{
    /// <summary>Terms that fill no part of shared memory evenly, rows and columns that fill no block.</summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 65, 16)]
    [InlineData(70, 5, 33)]
    public void Product_IsOneChainOfTermsInOrder(int rows, int outputs, int inputs)
    {
        var draws = new Draws(5);
        float[] a = draws.Floats(rows * inputs), w = draws.Floats(outputs * inputs), bias = draws.Floats(outputs);
        using var device = new Emulator();
        DeviceBuffer left = new(device), weight = new(device), init = new(device), result = new(device);
        left.Load<float>(a);
        weight.Load<float>(w);
        init.Load<float>(bias);
        result.Reserve(rows * outputs);

        new Launcher(device).Forward(
            new(left.Address, inputs), new(weight.Address, outputs, inputs, inputs), init.Address, 0, new(result.Address, outputs), rows);

        float[] actual = new float[rows * outputs], expected = new float[actual.Length];
        result.Store(actual);
        for (int i = 0; i < expected.Length; i++)
        {
            float sum = bias[i % outputs];
            for (int k = 0; k < inputs; k++)
                sum = MathF.FusedMultiplyAdd(a[(i / outputs * inputs) + k], w[(i % outputs * inputs) + k], sum);
            expected[i] = sum;
        }

        Bits.Same(expected, actual);
    }

    /// <summary>A term that is none would make 0 of −0.</summary>
    [Fact]
    public void Product_KeepsTheSignOfZero()
    {
        using var device = new Emulator();
        DeviceBuffer left = new(device), weight = new(device), init = new(device), result = new(device);
        left.Load<float>([-0f]);
        weight.Load<float>([1]);
        init.Load<float>([-0f]);
        result.Reserve(1);

        new Launcher(device).Forward(new(left.Address, 1), new(weight.Address, 1, 1, 1), init.Address, 0, new(result.Address, 1), 1);

        float[] actual = new float[1];
        result.Store(actual);
        Assert.True(float.IsNegative(actual[0]));
    }

    [Fact]
    public void Emulator_KeepsSubnormalNumbers()
    {
        var kernel = KernelBuilder.Build("halve", 1, k =>
        {
            var at = k.PointerParameter();
            at.Store(0, at[0] * 0.5f);
        });
        using var device = new Emulator();
        var buffer = new DeviceBuffer(device);
        buffer.Load<float>([2 * float.Epsilon]);

        device.Launch(kernel, 1, 1, 1, buffer.Address);

        float[] actual = new float[1];
        buffer.Store(actual);
        Assert.Equal(float.Epsilon, actual[0]);
    }

    [Fact]
    public void Emulator_RefusesAnAccess_OutsideOfWhatWasAllocated()
    {
        var kernel = KernelBuilder.Build("outside", 1, k => k.PointerParameter().Store(4, F32.Of(1)));
        using var device = new Emulator();
        nint address = device.Allocate(16);

        var refusal = Assert.Throws<KernelFaultException>(() => device.Launch(kernel, 1, 1, 1, address));

        Assert.Contains("where nothing was allocated", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Emulator_RefusesMoreBlocks_ThanADeviceTakesInY()
    {
        var kernel = KernelBuilder.Build("nothing_of_one", 1, k => k.IntParameter());
        using var device = new Emulator();

        device.Launch(kernel, 1, 65_535, 1, 0);
        Assert.Throws<ArgumentException>(() => device.Launch(kernel, 1, 65_536, 1, 0));
    }

    /// <summary>Rows are as many as a chunk has, and the terms of a weight's gradient; blocks in x may be.</summary>
    [Fact]
    public void Product_HasItsRowsInX()
    {
        var list = new CommandList();

        new Launcher(list).Forward(new(8, 16), new(8, 128, 16, 16), 0, 0, new(8, 128), 5_000_000);

        Assert.Equal(new(ProductKernel.RowsByRows.Name, 78_125, 2, ProductKernel.Threads), list.LastLaunch);
    }

    [Fact]
    public void Emulator_RefusesThreads_ThatDoNotWaitForEachOther()
    {
        var kernel = KernelBuilder.Build("divergent", 2, k => k.If(k.Thread < 1, k.Barrier));
        using var device = new Emulator();

        Assert.Throws<KernelFaultException>(() => device.Launch(kernel, 1, 1, 2));
    }

    /// <summary>Blocks in turn: what the others stored before the barrier is there behind it.</summary>
    [Fact]
    public void Grid_WaitsForAllOfItsBlocks()
    {
        const int blocks = 3;
        var kernel = KernelBuilder.Build("rotate", 1, k =>
        {
            var (from, to, counter) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
            from.Store(k.BlockX, F32.Of(1) + from[k.BlockX]);
            k.GridBarrier(counter, blocks);
            to.Store(k.BlockX, from[(k.BlockX + 1) % blocks]);
        });
        foreach (bool backwards in (bool[])[false, true])
        {
            using var device = new Emulator(backwards);
            DeviceBuffer from = new(device), to = new(device), counter = new(device);
            from.Load<float>([1, 2, 3]);
            to.Reserve(blocks);
            counter.Reserve(1);
            device.Clear(counter.Address, sizeof(int));

            device.Launch(kernel, blocks, 1, 1, from.Address, to.Address, counter.Address);

            float[] actual = new float[blocks];
            to.Store(actual);
            Assert.Equal([3, 4, 2], actual);
        }
    }
}
