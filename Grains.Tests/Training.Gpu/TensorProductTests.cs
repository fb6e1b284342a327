using Orleans.Tbptt.Numerics;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Emulation;
using Orleans.Tbptt.Training.Gpu.Network;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>Products of tensor cores: what they round, which thread holds what, and what the emulator makes of them.</summary>
public sealed class TensorProductTests
{
    public static TheoryData<PrecisionKind> Precisions { get; } = [PrecisionKind.Tf32, PrecisionKind.Bfloat16];

    /// <summary>Sizes that fill neither tiles nor products, nor what is in shared memory at once, and one that fills all.</summary>
    public static MatrixTheoryData<PrecisionKind, (int Rows, int Outputs, int Inputs)> Sizes { get; } =
        new([PrecisionKind.Tf32, PrecisionKind.Bfloat16], [(1, 1, 1), (3, 65, 17), (70, 33, 35), (130, 67, 129), (64, 64, 64)]);

    /// <summary>Sums of exact products of rounded factors, in the order of the terms, of all three kinds of product.</summary>
    [Theory, MemberData(nameof(Sizes))]
    public void Product_IsThatOfRoundedFactors(PrecisionKind precision, (int Rows, int Outputs, int Inputs) size)
    {
        var (rows, outputs, inputs) = size;
        var draws = new Draws(5);
        float[] x = draws.Floats(rows * inputs), w = draws.Floats(outputs * inputs), g = draws.Floats(rows * outputs);
        float[] bias = draws.Floats(outputs);
        int[] chosen = [.. Enumerable.Range(0, rows).Select(row => (row * 7 + 3) % rows)];
        Func<float, float> round = Rounding(precision);
        foreach (bool backwards in (bool[])[false, true])
        {
            using var device = new Emulator(backwards);
            DeviceBuffer left = new(device), weight = new(device), other = new(device), init = new(device), result = new(device);
            DeviceBuffer places = new(device);
            left.Load<float>(x);
            weight.Load<float>(w);
            other.Load<float>(g);
            init.Load<float>(bias);
            places.Load<int>(chosen);
            var launcher = new Launcher(device, TensorCores.Of(precision, leastSide: 1));
            DeviceRows values = new(left.Address, inputs), gradients = new(other.Address, outputs);

            result.Reserve(rows * outputs);
            launcher.Forward(values, new(weight.Address, outputs, inputs, inputs), init.Address, 0, new(result.Address, outputs), rows);
            Same(rows, outputs, inputs, (_, column) => bias[column],
                (row, k) => x[(row * inputs) + k], (column, k) => w[(column * inputs) + k]);

            result.Reserve(rows * inputs);
            launcher.Backward(gradients, new(weight.Address, outputs, inputs, inputs), new(result.Address, inputs), rows);
            Same(rows, inputs, outputs, (_, _) => 0,
                (row, k) => g[(row * outputs) + k], (column, k) => w[(k * inputs) + column]);

            result.Reserve(outputs * inputs);
            launcher.Gradient(gradients, values, places.Address, new(result.Address, outputs, inputs, inputs), rows);
            Same(outputs, inputs, rows, (_, _) => 0,
                (row, k) => g[(k * outputs) + row], (column, k) => x[(chosen[k] * inputs) + column]);

            Assert.All(device.Launches.Keys, name => Assert.Contains(
                precision == PrecisionKind.Tf32 ? "product_tf32" : "product_bfloat16", name, StringComparison.Ordinal));

            void Same(
                int height, int width, int depth, Func<int, int, float> begin, Func<int, int, float> a,
                Func<int, int, float> b)
            {
                float[] actual = new float[height * width], expected = new float[actual.Length];
                result.Store(actual);
                for (int i = 0; i < expected.Length; i++)
                {
                    float sum = begin(i / width, i % width);
                    for (int k = 0; k < depth; k++)
                        sum = MathF.FusedMultiplyAdd(round(a(i / width, k)), round(b(i % width, k)), sum);
                    expected[i] = sum;
                }

                Bits.Same(expected, actual);
            }
        }
    }

    /// <summary>Weights with a short side, and all of float32, have the kernels of float32.</summary>
    [Theory]
    [InlineData(TensorCores.LeastSide, TensorCores.LeastSide, true)]
    [InlineData(TensorCores.LeastSide - 1, 500, false)]
    [InlineData(500, TensorCores.LeastSide - 1, false)]
    public void Weight_HasTensorCores_WhereBothSidesAreLong(int outputs, int inputs, bool has)
    {
        DeviceWeight weight = new(8, outputs, inputs, inputs);

        Assert.Equal(has, TensorCores.Of(PrecisionKind.Tf32)!.Of(weight) is not null);
        Assert.Null(TensorCores.Of(PrecisionKind.Full));
    }

    /// <summary>
    /// PTX ISA, "Matrix Fragments for mma.m16n8k8" (.tf32) and "for mma.m16n8k16 with floating point type" (.bf16): row and column of
    /// element i of a thread, with groupID = lane / 4 and threadID_in_group = lane % 4, as they stand there. All elements differ.
    /// </summary>
    [Theory, MemberData(nameof(Precisions))]
    public void Fragments_LieAsPtxSays(PrecisionKind precision)
    {
        bool isPair = precision == PrecisionKind.Bfloat16;
        int terms = isPair ? 16 : 8, ofA = isPair ? 8 : 4, ofB = isPair ? 4 : 2;
        Func<int, int, int, int> rowOfA = isPair ? (i, group, _) => i is < 2 or >= 4 and < 6 ? group : group + 8
            : (i, group, _) => i is 0 or 2 ? group : group + 8;
        Func<int, int, int, int> columnOfA = isPair ? (i, _, place) => (place * 2) + (i & 1) + (i < 4 ? 0 : 8)
            : (i, _, place) => i < 2 ? place : place + 4;
        Func<int, int, int, int> rowOfB = isPair ? (i, _, place) => (place * 2) + (i & 1) + (i < 2 ? 0 : 8)
            : (i, _, place) => i == 0 ? place : place + 4;

        // What each thread has, element by element, as tables in memory.
        float[] a = [.. Enumerable.Range(0, 16 * terms).Select(i => (float)((i * 37 % 101) - 50))];
        float[] b = [.. Enumerable.Range(0, terms * 8).Select(i => (float)((i * 53 % 97) - 48))];
        float[] left = OfThreads(ofA, (i, group, place) => a[(rowOfA(i, group, place) * terms) + columnOfA(i, group, place)]);
        float[] right = OfThreads(ofB, (i, group, place) => b[(rowOfB(i, group, place) * 8) + group]);
        var kernel = KernelBuilder.Build($"fragments_{precision}", 32, k =>
        {
            var (from, other, to) = (k.PointerParameter(), k.PointerParameter(), k.PointerParameter());
            var shared = k.Share(64 * 4);
            Operand x = k.Registers(RegisterType.B32, 4), y = k.Registers(RegisterType.B32, 2), sums = k.Registers(RegisterType.F32, 4);
            Fill(from, x, 4, ofA);
            Fill(other, y, 2, ofB);
            for (int i = 0; i < 4; i++)
                k.Assign(sums.Next(i), (F32)0f);
            k.Multiply(isPair ? Operation.ProductBfloat16 : Operation.ProductTf32, sums, x, y);
            for (int i = 0; i < 4; i++)
                to.Store((k.Thread << 2) + i, new F32(sums.Next(i)));

            void Fill(Pointer source, Operand registers, int count, int elements)
            {
                for (int i = 0; i < count; i++)
                {
                    int at = i * elements / count;
                    var value = isPair
                        ? k.Emit(Operation.PackBfloat16, RegisterType.F32, RegisterType.B32, Element(at + 1), Element(at))
                        : k.Emit(Operation.RoundTf32, RegisterType.F32, RegisterType.B32, Element(at));
                    shared.Store(k.Thread, value);
                    k.Load(registers.Next(i), shared.At(k.Thread), 0);
                }

                Operand Element(int which) => source[(k.Thread * elements) + which].Operand;
            }
        });
        using var device = new Emulator();
        DeviceBuffer ofLeft = new(device), ofRight = new(device), result = new(device);
        ofLeft.Load<float>(left);
        ofRight.Load<float>(right);
        result.Reserve(128);

        device.Launch(kernel, 1, 1, 32, ofLeft.Address, ofRight.Address, result.Address);

        float[] found = new float[128];
        result.Store(found);
        Assert.Equal(
            OfThreads(4, (i, group, place) =>
            {
                int row = i < 2 ? group : group + 8, column = (place * 2) + (i & 1);
                return Enumerable.Range(0, terms).Sum(term => a[(row * terms) + term] * b[(term * 8) + column]);
            }),
            found);
    }

    /// <summary>A product holds the threads of its warp together, and no others: what lacks a barrier shows in another order.</summary>
    [Fact]
    public void Product_IsNoBarrierOfTheBlock()
    {
        var kernel = KernelBuilder.Build("products_without_a_barrier", 64, k =>
        {
            var to = k.PointerParameter();
            var shared = k.Share(64);
            Operand a = k.Registers(RegisterType.B32, 4), b = k.Registers(RegisterType.B32, 2), sums = k.Registers(RegisterType.F32, 4);
            shared.Store(k.Thread, F32.Of(1));
            for (int i = 0; i < 4; i++)
            {
                k.Assign(sums.Next(i), (F32)0f);
                k.Load(a.Next(i), shared.At(k.Thread), 0);
            }

            for (int i = 0; i < 2; i++)
                k.Load(b.Next(i), shared.At(k.Thread), 0);
            k.Multiply(Operation.ProductTf32, sums, a, b);
            to.Store(k.Thread, shared[(k.Thread + 32) & 63]);
        });

        Assert.NotEqual(Run(kernel, backwards: false), Run(kernel, backwards: true));

        static float[] Run(KernelCode kernel, bool backwards)
        {
            using var device = new Emulator(backwards);
            var result = new DeviceBuffer(device);
            result.Reserve(64);
            device.Launch(kernel, 1, 1, 64, result.Address);
            float[] found = new float[64];
            result.Store(found);
            return found;
        }
    }

    [Theory]
    [InlineData(16, "a warp of 16 threads computes a product, expected 32")]
    [InlineData(32, "threads of a block wait at unlike barriers")]
    public void Emulator_RefusesAProduct_WithoutAllThreadsOfAWarp(int threads, string expected)
    {
        var kernel = KernelBuilder.Build($"part_of_a_warp_{threads}", 32, k =>
        {
            Operand a = k.Registers(RegisterType.B32, 4), b = k.Registers(RegisterType.B32, 2), sums = k.Registers(RegisterType.F32, 4);
            k.If(k.Thread < 16, () => k.Multiply(Operation.ProductTf32, sums, a, b));
        });
        using var device = new Emulator();

        var refusal = Assert.Throws<KernelFaultException>(() => device.Launch(kernel, 1, 1, threads));

        Assert.Equal(expected, refusal.Message);
    }

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1 + 1f / 2048, 1 + 1f / 1024)]
    [InlineData(-1 - 1f / 2048, -1 - 1f / 1024)]
    [InlineData(1 + 1f / 2048 - 1f / 8388608, 1f)]
    [InlineData(1 + 3f / 2048, 1 + 2f / 1024)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(-0f, -0f)]
    public void Tf32_IsTheNearest_TiesAwayFromZero(float value, float expected) => Assert.Equal(
        BitConverter.SingleToInt32Bits(expected) & (float.IsNaN(expected) ? 0x7F800000 : -1),
        TensorNumbers.Tf32(value) & (float.IsNaN(expected) ? 0x7F800000 : -1));

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1 + 1f / 256, 1f)]
    [InlineData(1 + 3f / 256, 1 + 2f / 128)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    public void Bfloat16_IsTheNearest_TiesToEven_InItsHalf(float value, float expected)
    {
        int bits = TensorNumbers.Bfloat16Pair(value, -2);

        Assert.Equal((-2, expected), (TensorNumbers.Of(bits, true, 0), TensorNumbers.Of(bits, true, 1)));
    }

    /// <summary>The rounding that a factor goes through, by integer arithmetic of its own.</summary>
    private static Func<float, float> Rounding(PrecisionKind precision) => precision == PrecisionKind.Tf32
        ? value => BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(value) + 0x1000) & ~0x1FFF)
        : value =>
        {
            float[] rounded = [value];
            Bfloat16.Round(rounded, rounded);
            return rounded[0];
        };

    private static float[] OfThreads(int count, Func<int, int, int, float> element) =>
        [.. from lane in Enumerable.Range(0, 32) from i in Enumerable.Range(0, count) select element(i, lane / 4, lane % 4)];
}
