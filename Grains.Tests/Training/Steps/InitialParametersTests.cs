using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class InitialParametersTests
{
    private const int Hidden = 64;

    [Fact]
    public void RecurrentAndHeadParameters_AreUniformWithinTorchsBound()
    {
        var (layout, parameters) = Draw(seed: 1);
        float bound = (float)(1 / Math.Sqrt(Hidden));
        foreach (var slot in layout.Slots.Where(slot => slot.Name != "embedding.weight"))
        {
            var values = parameters.AsSpan(slot.Offset, slot.Length).ToArray();
            Assert.All(values, value => Assert.InRange(value, -bound, bound));

            // Uniform in ±b: mean 0, variance b²/3, fourth moment b⁴/5. Five deviations of the mean, and of the mean square.
            double mean = values.Average(value => (double)value), square = values.Average(value => (double)value * value);
            double variance = bound * bound / 3.0, spread = Math.Sqrt((Math.Pow(bound, 4) / 5 - variance * variance) / values.Length);
            Assert.InRange(mean, -5 * Math.Sqrt(variance / values.Length), 5 * Math.Sqrt(variance / values.Length));
            Assert.InRange(square, variance - 5 * spread, variance + 5 * spread);
        }
    }

    [Fact]
    public void Embedding_IsNormal()
    {
        var (layout, parameters) = Draw(seed: 1);
        var slot = layout.Slots.Single(slot => slot.Name == "embedding.weight");
        var values = parameters.AsSpan(slot.Offset, slot.Length).ToArray();
        int n = values.Length;

        // Five deviations of the mean (1/n), of the mean square (2/n), and of the share within one deviation of the mean, 0.6827; the sum
        // of twelve uniforms that stands for a normal number is there a little less often, by 0.003.
        Assert.InRange(values.Average(value => (double)value), -5 / Math.Sqrt(n), 5 / Math.Sqrt(n));
        Assert.InRange(values.Average(value => (double)value * value), 1 - 5 * Math.Sqrt(2.0 / n), 1 + 5 * Math.Sqrt(2.0 / n));
        double within = values.Count(value => Math.Abs(value) < 1) / (double)n;
        Assert.InRange(within, 0.6827 - 0.003 - 5 * Math.Sqrt(0.6827 * 0.3173 / n), 0.6827 + 5 * Math.Sqrt(0.6827 * 0.3173 / n));
        Assert.True(values.Max() > 3 && values.Min() < -3, "no tails");
    }

    /// <summary>Each gate's matrix by itself; float32 rounds each of the numbers, which are about 1/8, by 2⁻²⁸ at most.</summary>
    [Fact]
    public void OrthogonalWeights_HaveOrthogonalRowsOrColumns_OfEachGate()
    {
        var (layout, parameters) = Draw(seed: 1, new() { Input = InitScheme.Orthogonal, Recurrent = InitScheme.Orthogonal });
        foreach (var slot in layout.Slots.Where(slot => slot.Name.StartsWith("rnn.weight_", StringComparison.Ordinal)))
        {
            int columns = slot.Shape[1];
            for (int gate = 0; gate < 4; gate++)
            {
                double At(int vector, int i) => parameters[slot.Offset + (gate * Hidden * columns)
                    + (Hidden <= columns ? (vector * columns) + i : (i * columns) + vector)];

                for (int one = 0; one < Math.Min(Hidden, columns); one++)
                {
                    for (int other = 0; other <= one; other++)
                    {
                        double product = Enumerable.Range(0, Math.Max(Hidden, columns)).Sum(i => At(one, i) * At(other, i));
                        Assert.Equal(one == other ? 1 : 0, product, 1e-6);
                    }
                }
            }
        }
    }

    [Fact]
    public void XavierAndSmallWeights_ReachTheirBounds_AndBiasesStayAsTheyWere()
    {
        var (layout, plain) = Draw(seed: 1);
        var parameters = Draw(
            seed: 1, new() { Input = InitScheme.Xavier, Head = InitScheme.Small, Embedding = InitScheme.Small }).Parameters;
        foreach (var slot in layout.Slots)
        {
            var values = parameters.AsSpan(slot.Offset, slot.Length).ToArray();
            double? bound = slot.Name.Contains("weight_ih", StringComparison.Ordinal) ? Math.Sqrt(6.0 / (Hidden + slot.Shape[1]))
                : slot.Name is "head.weight" or "embedding.weight" ? 0.1 : null;
            if (bound is null)
                Bits.Same(plain.AsSpan(slot.Offset, slot.Length).ToArray(), values);
            else
                Assert.InRange(values.Max(Math.Abs), 0.98 * bound.Value, bound.Value * (1 + 1e-7));
        }
    }

    [Fact]
    public void ForgetBias_IsWhatBothBiasesAddUpTo_OfThatGateAlone()
    {
        var (layout, plain) = Draw(seed: 1);
        var parameters = Draw(seed: 1, new() { ForgetBias = 1.5 }).Parameters;
        foreach (var slot in layout.Slots)
        {
            float[] expected = plain.AsSpan(slot.Offset, slot.Length).ToArray();
            if (slot.Name.StartsWith("rnn.bias_", StringComparison.Ordinal))
                Array.Fill(expected, slot.Name.Contains("_ih_", StringComparison.Ordinal) ? 1.5f : 0, Hidden, Hidden);
            Bits.Same(expected, parameters.AsSpan(slot.Offset, slot.Length).ToArray());
        }
    }

    [Fact]
    public void Parameters_AreAFunctionOfTheSeed()
    {
        var (layout, parameters) = Draw(seed: 1);

        Bits.Same(parameters, Draw(seed: 1).Parameters);
        var other = Draw(seed: 2).Parameters;
        foreach (var slot in layout.Slots)
            Assert.NotEqual(parameters.AsSpan(slot.Offset, slot.Length).ToArray(), other.AsSpan(slot.Offset, slot.Length).ToArray());
    }

    [Fact]
    public void Parameters_OfEqualShapes_ShareNoNumbers()
    {
        var (layout, parameters) = Draw(seed: 1);

        var starts = layout.Slots.Select(slot =>
            Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(parameters.AsSpan(slot.Offset, 8))));

        Assert.Equal(layout.Slots.Count, starts.Distinct().Count());
        Assert.True(parameters.Distinct().Count() > 0.99 * parameters.Length);
    }

    [Fact]
    public void InitFrom_LoadsTheFileBitForBit()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.File("weights.safetensors");
        var spec = Spec(seed: 1);
        var layout = ParameterLayout.Of(spec.Model);
        float[] weights = [-0f, float.Epsilon, float.MaxValue, .. new Draws(51).Floats(layout.Length - 3)];
        using (var file = File.Create(path))
            SafetensorsFile.Write(file, layout, weights);

        Bits.Same(weights, InitialParameters.Of(spec with { Model = spec.Model with { InitFrom = path } }, layout));
    }

    private static (ParameterLayout Layout, float[] Parameters) Draw(long seed, InitSpec? init = null)
    {
        var spec = Spec(seed);
        var layout = ParameterLayout.Of(spec.Model);
        return (layout, InitialParameters.Of(spec with { Model = spec.Model with { Init = init ?? InitSpec.Torch } }, layout));
    }

    private static RunSpec Spec(long seed) => TestSpecs.Average() with
    {
        Seed = seed,
        Model = new() { Cell = new LstmCell(), HiddenSize = Hidden, Layers = 2, OutputSize = 256,
            Embedding = new() { Vocabulary = 256, Size = 64 } },
    };
}
