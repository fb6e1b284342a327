using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Network;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>Losses on the emulated device against the CPU's: sum and gradient bit for bit, over shapes that fill nothing evenly.</summary>
public sealed class GpuLossTests
{
    private static readonly double[] Weights = [.. Enumerable.Range(0, 70).Select(i => 0.25 + (i % 5))];

    public static MatrixTheoryData<string, int, int> OfClasses { get; } =
        new(["plain", "smoothed", "weighted", "weighted, smoothed", "ignored"], [1, 7, 8, 65], [1, 33, 70]);

    public static MatrixTheoryData<string, int, int> OfValues { get; } = new(["mse", "mae", "huber"], [1, 5], [1, 7, 33, 1_000]);

    [Theory, MemberData(nameof(OfClasses))]
    public void Classes_HaveTheBitsOfTheCpu(string name, int classes, int rows)
    {
        NumberList weights = new([.. Weights.Take(classes)]);
        CrossEntropy loss = name switch
        {
            "smoothed" => new() { LabelSmoothing = 0.1 },
            "weighted" => new() { ClassWeights = weights },
            "weighted, smoothed" => new() { ClassWeights = weights, LabelSmoothing = 0.3 },
            "ignored" => new() { IgnoredClass = classes / 2 },
            _ => new(),
        };

        Same(loss, new(0, 6, 0, classes) { IsMasked = true }, classes, rows);
    }

    [Theory, MemberData(nameof(OfValues))]
    public void Values_HaveTheBitsOfTheCpu(string name, int targets, int rows)
    {
        ElementwiseLoss loss = name switch { "mae" => new AbsoluteError(), "huber" => new Huber { Delta = 0.3 }, _ => new SquaredError() };

        Same(loss, new(1, 0, targets, 0) { IsMasked = true }, targets, rows);
    }

    /// <summary>More numbers than are in shared memory at once.</summary>
    [Fact]
    public void Sums_HaveTheBitsOfTheCpu_OverManyRows()
    {
        Same(new CrossEntropy(), new(0, 6, 0, 2), 2, 5_000);
        Same(new SquaredError(), new(1, 0, 3, 0), 3, 3_001);
    }

    /// <summary>Sums that are no number stay none, and outputs that are far apart do not overflow.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-3e38f)]
    [InlineData(3e38f)]
    public void Extremes_AreWhatTheCpuHas(float extreme)
    {
        Same(new CrossEntropy(), new(0, 6, 0, 9), 9, 4, extreme);
        Same(new SquaredError(), new(1, 0, 2, 0), 2, 9, extreme);
    }

    [Fact]
    public void Classes_ThatChangedSinceTheyWereRead_AreRefused()
    {
        var batch = Batch(new(0, 6, 0, 9), 3);
        using var device = new Emulator();
        using var inbound = new Inbound(device);
        using var loss = GpuLoss.Of(device, new(device), new(device, inbound), new CrossEntropy(), 2);

        var refusal = Assert.Throws<InvalidDataException>(() => loss!.Begin(batch));

        Assert.Contains("expected 0 to 1; the data changed after they were opened", refusal.Message, StringComparison.Ordinal);
    }

    private static void Same(Loss loss, DataShape shape, int outputs, int rows, float? extreme = null)
    {
        var batch = Batch(shape, rows);
        float[] values = new Draws(rows).Floats(rows * outputs, 4);
        if (extreme is { } one)
            values[(rows * outputs / 2) + 1] = one;
        using var expected = new Rows(outputs);
        expected.Reserve(rows);
        for (int row = 0; row < rows; row++)
            values.AsSpan(row * outputs, outputs).CopyTo(expected.Span(row));
        float[] scratch = [], wanted = new float[values.Length], found = new float[values.Length];
        double sum = loss.Sum(expected, batch, ref scratch);
        for (int row = 0; row < rows; row++)
            expected.Span(row).CopyTo(wanted.AsSpan(row * outputs));
        foreach (bool backwards in (bool[])[false, true])
        {
            using var device = new Emulator(backwards);
            using var inbound = new Inbound(device);
            using var actual = GpuLoss.Of(device, new(device), new(device, inbound), loss, outputs)!;
            DeviceBuffer numbers = new(device), total = new(device);
            numbers.Load<float>(values);
            total.Load<double>([0]);
            actual.Begin(batch);
            inbound.CopyTo(device);
            actual.Run(new(numbers.Address, outputs), rows, total.Address);
            numbers.Store(found);
            double[] foundSum = new double[1];
            total.Store(MemoryMarshal.Cast<double, float>(foundSum.AsSpan()));

            Bits.Same([Number(sum)], [Number(foundSum[0])]);
            Bits.Same(wanted.Select(value => Number(value)), found.Select(value => Number(value)));
        }
    }

    /// <summary>A NaN is one on both, but a GPU does not keep its bits.</summary>
    private static double Number(double value) => double.IsNaN(value) ? double.NaN : value;

    private static ChunkBatch Batch(DataShape shape, int rows)
    {
        var batch = new ChunkBatch(shape);
        batch.LoadOne(new FormulaSequences(shape, [rows], 7), new(0, 0, rows, Reset: true));
        return batch;
    }
}
