using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused.Losses;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>CTC against sums over every path; <c>LossGoldenTests</c> compares it with PyTorch's.</summary>
public sealed class CtcTests
{
    private const int Classes = 3;

    /// <summary>
    /// Every path of six time steps or fewer is looked at. The gradient is that of −ln of the sum: of the softmax less the share of the
    /// paths through a class. It is rounded to float32 once.
    /// </summary>
    [Theory]
    [InlineData(6, "12")]
    [InlineData(6, "112")]
    [InlineData(5, "111")]
    [InlineData(3, "121")]
    [InlineData(4, "")]
    [InlineData(1, "2")]
    public void LossAndGradient_AreThoseOfTheSumOverAllPaths(int steps, string labels)
    {
        var data = new Labelled([(steps, labels)]);
        float[] outputs = new Draws(3).Floats(steps * Classes, 2);
        double[][] probabilities = [.. Enumerable.Range(0, steps).Select(t => Softmax(outputs.AsSpan(t * Classes, Classes)))];
        double all = 0;
        double[,] through = new double[steps, Classes];
        for (int code = 0; code < Math.Pow(Classes, steps); code++)
        {
            int[] path = [.. Enumerable.Range(0, steps).Select(t => code / (int)Math.Pow(Classes, t) % Classes)];
            if (Collapsed(path) != labels)
                continue;
            double probability = path.Select((one, t) => probabilities[t][one]).Aggregate(1.0, (product, one) => product * one);
            all += probability;
            for (int t = 0; t < steps; t++)
                through[t, path[t]] += probability;
        }

        var (loss, gradient) = Run(data, outputs);

        double count = Math.Max(1, labels.Length);
        Assert.Equal(-Math.Log(all) / count, loss, 1e-12);
        for (int t = 0; t < steps; t++)
        {
            for (int k = 0; k < Classes; k++)
                Assert.Equal((probabilities[t][k] - (through[t, k] / all)) / count, gradient[(t * Classes) + k], 6e-8);
        }
    }

    /// <summary>A sequence's loss and gradient do not depend on those next to it, to the bit.</summary>
    [Fact]
    public void Sequences_StandAlone()
    {
        (int, string)[] all = [(7, "12"), (3, "1"), (9, "2211"), (7, "")];
        var data = new Labelled(all);
        var batch = Batch(data);
        float[] outputs = new Draws(4).Floats(batch.Rows * Classes, 2);
        var (loss, gradient) = Run(data, outputs);
        Assert.Equal(4, Loss.WeightOf(new Ctc(), batch));

        double sum = 0;
        int[] rows = new int[batch.Steps];
        for (int position = 0; position < all.Length; position++)
        {
            int steps = batch.RowsOf(position, rows);
            float[] Own(float[] of) => [.. rows.Take(steps).SelectMany(row => of.AsSpan(row * Classes, Classes).ToArray())];
            var (one, alone) = Run(new([all[batch.ActiveLanes[position]]]), Own(outputs));
            sum += one;
            Bits.Same(alone, Own(gradient));
        }

        Assert.Equal(sum, loss);
    }

    /// <summary>Far beyond what probabilities could be multiplied for: 500 labels, each of e^−40.</summary>
    [Fact]
    public void Logarithms_ReachAsFarAsSequencesDo()
    {
        const int Steps = 1500;
        float[] outputs = new float[Steps * Classes];
        for (int t = 0; t < Steps; t++)
            outputs[t * Classes] = 40;

        var (loss, gradient) = Run(new([(Steps, string.Concat(Enumerable.Repeat("12", 250)))]), outputs);

        // Each label is taken once, with e^-40, in any of C(1500, 500) ways: 40 - ln(C) / 500.
        Assert.InRange(loss, 38, 38.2);
        Assert.All(gradient, value => Assert.True(float.IsFinite(value)));
    }

    private static (double Loss, float[] Gradient) Run(Labelled data, float[] outputs)
    {
        var batch = Batch(data);
        using var rows = new Rows(Classes);
        rows.Reserve(batch.Rows);
        for (int row = 0; row < batch.Rows; row++)
            outputs.AsSpan(row * Classes, Classes).CopyTo(rows.Span(row));
        float[] scratch = [];
        double loss = new Ctc().Sum(rows, batch, ref scratch);
        return (loss, [.. Enumerable.Range(0, batch.Rows).SelectMany(row => rows.Span(row).ToArray())]);
    }

    private static ChunkBatch Batch(Labelled data)
    {
        var batch = new ChunkBatch(new(1, 0, 0, Classes) { IsMasked = true });
        batch.Load(data, ChunkPlan.Create(data, data.Count, ChunkSplit.OfCount(1)), 0, new(0, data.Count));
        return batch;
    }

    private static double[] Softmax(ReadOnlySpan<float> row)
    {
        double[] all = [.. row.ToArray().Select(value => Math.Exp(value))];
        return [.. all.Select(value => value / all.Sum())];
    }

    private static string Collapsed(int[] path) =>
        string.Concat(path.Where((one, t) => one != 0 && (t == 0 || path[t - 1] != one)));

    /// <summary>Sequences with labels, which stand at every other time step as long as there is room.</summary>
    private sealed class Labelled((int Steps, string Labels)[] all) : ISequenceSet
    {
        public int Count => all.Length;

        public int Length(int sequence) => all[sequence].Steps;

        public void ReadInputs(SequenceSlice slice, Span<float> destination) => destination.Clear();

        public void ReadInputs(SequenceSlice slice, Span<long> destination) => throw new NotSupportedException();

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => throw new NotSupportedException();

        public void ReadTargets(SequenceSlice slice, Span<long> destination)
        {
            var (steps, labels) = all[slice.Sequence];
            destination.Fill(DataShape.MaskedClass);
            int apart = 2 * labels.Length <= steps ? 2 : 1;
            for (int i = 0; i < labels.Length; i++)
                destination[i * apart] = labels[i] - '0';
        }
    }
}
