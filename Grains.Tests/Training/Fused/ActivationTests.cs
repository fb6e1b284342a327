using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// exp, sigmoid, its logarithm and tanh against double precision, in units in the last place of the float32 result (below the smallest
/// normal number: of the spacing there). The bounds are those that <see cref="Activation"/> states.
/// </summary>
public sealed unsafe class ActivationTests(ITestOutputHelper output)
{
    /// <summary>A prime, so that neither exponents nor round numbers are hit or missed by rule.</summary>
    private const long Stride = 521;

    [Theory]
    [InlineData("exp", 1.1)]
    [InlineData("sigmoid", 3)]
    [InlineData("tanh", 3)]
    [InlineData("log sigmoid", 4)]
    public void Function_StaysWithinItsBound_OverAllOfFloat32(string name, double bound) => Check(name, bound, Stride);

    /// <summary>Every one of 2³² numbers; minutes long.</summary>
    [Theory(Explicit = true)]
    [InlineData("exp", 1.1)]
    [InlineData("sigmoid", 3)]
    [InlineData("tanh", 3)]
    [InlineData("log sigmoid", 4)]
    public void Function_StaysWithinItsBound_AtEveryFloat32(string name, double bound) => Check(name, bound, 1);

    [Fact]
    public void Functions_GiveTheLimits_AtInfinityZeroAndNaN()
    {
        Assert.Equal([0, 1, float.PositiveInfinity, float.NaN],
            Values("exp", float.NegativeInfinity, 0, float.PositiveInfinity, float.NaN));
        Assert.Equal([0, 0.5f, 1, float.NaN], Values("sigmoid", float.NegativeInfinity, 0, float.PositiveInfinity, float.NaN));
        Assert.Equal([-1, 0, 1, float.NaN], Values("tanh", float.NegativeInfinity, 0, float.PositiveInfinity, float.NaN));
        Assert.True(float.IsNegative(Values("tanh", -0f)[0]));
    }

    private void Check(string name, double bound, long stride)
    {
        const int Block = 4096;
        Func<double, double> exact = name switch { "exp" => Math.Exp, "sigmoid" => x => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x))
            : 1 / (1 + Math.Exp(-x)), "log sigmoid" => x => Math.Min(x, 0) - LogOfOnePlus(Math.Exp(-Math.Abs(x))), _ => Math.Tanh };
        float[] x = new float[Block], y = new float[Block];
        double worst = 0;
        float worstAt = 0;
        for (long bits = 0; bits < 1L << 32; bits += Block * stride)
        {
            int count = 0;
            for (; count < Block && bits + count * stride < 1L << 32; count++)
                x[count] = BitConverter.UInt32BitsToSingle((uint)(bits + count * stride));
            Run(name, x.AsSpan(0, count), y);
            for (int i = 0; i < count; i++)
            {
                if (float.IsNaN(x[i]))
                {
                    Assert.True(float.IsNaN(y[i]), $"{name}({x[i]}) is {y[i]}");
                    continue;
                }

                double error = Ulps(y[i], exact(x[i]));
                if (error > worst)
                    (worst, worstAt) = (error, x[i]);
            }
        }

        output.WriteLine($"{name}: {worst:f3} units in the last place at {worstAt:r}");
        Assert.InRange(worst, 0, bound);
    }

    private static double Ulps(float actual, double exact)
    {
        if (Math.Abs(exact) > float.MaxValue)
            return float.IsInfinity(actual) ? 0 : double.PositiveInfinity;
        double magnitude = Math.Max(Math.Abs(exact), 1.1754943508222875e-38);
        return Math.Abs(actual - exact) / Math.ScaleB(1, Math.ILogB(magnitude) - 23);
    }

    /// <summary>ln(1 + e) without the loss of digits that 1 + e has of a small e.</summary>
    private static double LogOfOnePlus(double e) => e < 1e-4 ? e - (e * e / 2) + (e * e * e / 3) : Math.Log(1 + e);

    private static float[] Values(string name, params float[] x)
    {
        float[] y = new float[x.Length];
        Run(name, x, y);
        return y;
    }

    private static void Run(string name, ReadOnlySpan<float> x, Span<float> y)
    {
        fixed (float* from = x, to = y)
        {
            switch (name)
            {
                case "exp": Elementwise.Run(new ExpWork(from, to), x.Length); break;
                case "sigmoid": Elementwise.Run(new SigmoidWork(from, to), x.Length); break;
                case "log sigmoid": Elementwise.Run(new LogSigmoidWork(from, to), x.Length); break;
                default: Elementwise.Run(new TanhWork(from, to), x.Length); break;
            }
        }
    }

    private readonly struct ExpWork(float* from, float* to) : IElementwise
    {
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(Activation.Exp(T.Load(from + at)), to + at);
    }

    private readonly struct SigmoidWork(float* from, float* to) : IElementwise
    {
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(Activation.Sigmoid(T.Load(from + at)), to + at);
    }

    private readonly struct TanhWork(float* from, float* to) : IElementwise
    {
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(Activation.Tanh(T.Load(from + at)), to + at);
    }

    private readonly struct LogSigmoidWork(float* from, float* to) : IElementwise
    {
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(Activation.LogSigmoid(T.Load(from + at)), to + at);
    }
}
