using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Gpu.Code;
using Orleans.Tbptt.Training.Gpu.Emulation;

namespace Orleans.Tbptt.Tests.Training.Gpu;

/// <summary>exp, sigmoid, tanh and the logarithm of the sigmoid in a kernel, over all of float32, against the CPU's registers.</summary>
public sealed unsafe class ElementaryFunctionTests
{
    private const int Block = 4096;

    /// <summary>A prime, so that neither exponents nor round numbers are hit or missed by rule.</summary>
    private const long Stride = 6997;

    private static readonly KernelCode Kernel = KernelBuilder.Build("functions", 256, k =>
    {
        var (from, to, count) = (k.PointerParameter(), k.PointerParameter(), k.IntParameter());
        var at = (k.BlockX * 256) + k.Thread;
        k.If(at < count, () =>
        {
            Functions<F32>(k.Trace(from.At(at)), k.Trace(to.At(at * 4)));
            k.EndTraces();
        });
    });

    [Fact]
    public void Functions_HaveTheBitsOfTheCpu_OverAllOfFloat32()
    {
        using var device = new Emulator();
        nint from = device.Allocate(Block * sizeof(float)), to = device.Allocate(4 * Block * sizeof(float));
        float[] x = new float[Block], actual = new float[4 * Block], expected = new float[4 * Block];
        for (long first = 0; first < 1L << 32; first += Block * Stride)
        {
            for (int i = 0; i < Block; i++)
                x[i] = BitConverter.UInt32BitsToSingle((uint)Math.Min(first + (i * Stride), uint.MaxValue));
            fixed (float* source = x, values = expected, found = actual)
            {
                for (int i = 0; i < Block; i++)
                    Functions<Floats1>(source + i, values + (4 * i));
                device.Upload(source, from, Block * sizeof(float));
                device.Launch(Kernel, Block / 256, 1, 256, from, to, Block);
                device.Download(to, found, 4 * Block * sizeof(float));
            }

            Bits.Same(Numbers(expected), Numbers(actual));
        }
    }

    /// <summary>Around the powers of two and the root of two, where its pieces meet, and what is no number.</summary>
    [Fact]
    public void Logarithm_HasTheBitsOfTheCpu()
    {
        var draws = new Draws(31);
        double[] x =
        [
            .. Enumerable.Range(-1022, 2046).SelectMany(e => new[] { 1, Math.BitIncrement(1), Math.Sqrt(2), draws.Double(1, 2) }
                .Select(m => Math.ScaleB(m, e))),
            double.MaxValue, double.PositiveInfinity, double.NaN,
        ];
        var kernel = KernelBuilder.Build("logarithm", 1, k =>
        {
            var (from, to) = (k.PointerParameter(), k.PointerParameter());
            to.Store(k.BlockX, Logarithm.Of(from.DoubleAt(k.BlockX)));
        });
        double[] actual = new double[x.Length];
        using var device = new Emulator();
        nint from = device.Allocate(x.Length * sizeof(double)), to = device.Allocate(x.Length * sizeof(double));
        fixed (double* source = x, found = actual)
        {
            device.Upload(source, from, x.Length * sizeof(double));
            device.Launch(kernel, x.Length, 1, 1, from, to);
            device.Download(to, found, x.Length * sizeof(double));
        }

        Bits.Same(x.Select(Logarithm.Of), actual);
    }

    private static void Functions<T>(float* from, float* to) where T : unmanaged, IFloats<T>
    {
        var x = T.Load(from);
        T.Store(Activation.Exp(x), to);
        T.Store(Activation.Sigmoid(x), to + 1);
        T.Store(Activation.Tanh(x), to + 2);
        T.Store(Activation.LogSigmoid(x), to + 3);
    }

    /// <summary>A NaN is one on both, but a GPU does not keep its bits.</summary>
    private static float[] Numbers(float[] values) => [.. values.Select(value => float.IsNaN(value) ? float.NaN : value)];
}
