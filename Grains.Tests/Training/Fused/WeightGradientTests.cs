using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Threads;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>
/// The gradient of a weight against its definition, one chain of fused multiply-adds over the rows, bit for bit: which factor's columns
/// fill registers, and whether it is packed, must leave no trace.
/// </summary>
public sealed unsafe class WeightGradientTests
{
    private const int Count = 70;

    // Outputs and inputs of which one fills registers better than the other, both, and neither.
    [Theory]
    [InlineData(64, 1)]
    [InlineData(64, 16)]
    [InlineData(160, 40)]
    [InlineData(83, 21)]
    [InlineData(3, 40)]
    [InlineData(5, 5)]
    [InlineData(96, 64)]
    [InlineData(250, 75)]
    public void Gradient_IsOneChainOfFusedMultiplyAdds_AnElement(int outputs, int inputs)
    {
        foreach (var sums in Enum.GetValues<RowSums>())
        {
            foreach (bool inOrder in (bool[])[true, false])
                Check(outputs, inputs, sums, inOrder);
        }
    }

    /// <summary>Columns in the middle of rows, of a cell whose gates enter by several products, may end before full registers.</summary>
    [Fact]
    public void Gradient_IsThatOfTheColumnsAlone_WhereNoPaddingFollowsThem()
    {
        const int outputs = 37, inputs = 1;
        var layout = ParameterLayout.Of(new() { Cell = new RnnCell(), InputSize = 1, HiddenSize = inputs, OutputSize = outputs });
        var draws = new Draws(3);
        using var weight = new Weight(Team.Alone, layout, "head.weight");
        using Rows wide = new(3 * outputs), alone = new(outputs), inputRows = new(inputs), zeros = new(outputs);
        using var outputGradient = new OutputGradient(Team.Alone);
        Fill(wide, draws);
        Fill(inputRows, draws);
        zeros.Reserve(1);
        alone.Reserve(Count);
        for (int row = 0; row < Count; row++)
            wide.Span(row)[(2 * outputs)..].CopyTo(alone.Span(row));
        float[] expected = new float[layout.Length], gradient = new float[layout.Length];

        fixed (float* to = expected, toWide = gradient)
        {
            weight.Gradient(outputGradient.Of(alone, new(Count)), inputRows[0], inputRows.Stride, zeros[0], to);
            Assert.True(outputGradient.IsPadded);
            weight.Gradient(outputGradient.Of(wide, new(Count), 2 * outputs, outputs), inputRows[0], inputRows.Stride, zeros[0], toWide);
            Assert.False(outputGradient.IsPadded);
        }

        Bits.Same(expected, gradient);
    }

    private static void Check(int outputs, int inputs, RowSums sums, bool inOrder)
    {
        var layout = ParameterLayout.Of(new() { Cell = new RnnCell(), InputSize = 1, HiddenSize = inputs, OutputSize = outputs });
        var slot = layout.Slots.Single(slot => slot.Name == "head.weight");
        var draws = new Draws(outputs * 1009 + inputs);
        int[] chosen = [.. Enumerable.Range(0, Count).Select(row => inOrder ? row : (row * 7) % 11)];
        using var weight = new Weight(Team.Alone, layout, "head.weight");
        using Rows outputRows = new(outputs), inputRows = new(inputs), zeros = new(Math.Max(inputs, outputs));
        using var outputGradient = new OutputGradient(Team.Alone);
        Fill(outputRows, draws);
        Fill(inputRows, draws);
        zeros.Reserve(1);
        float[] before = draws.Floats(layout.Length), gradient = [.. before], again = [.. before];
        float[] expected = [.. before];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < inputs; i++)
            {
                ref float sum = ref expected[slot.Offset + (o * inputs) + i];
                sum = sums == RowSums.Ascending ? 0 : sum;
                for (int n = 0; n < Count; n++)
                {
                    int row = sums == RowSums.Ascending ? n : Count - 1 - n;
                    sum = MathF.FusedMultiplyAdd(outputRows.Span(row)[o], inputRows.Span(chosen[row])[i], sum);
                }
            }
        }

        fixed (float* to = gradient, toAgain = again)
        {
            weight.Gradient(outputGradient.Of(outputRows, new(Count, sums: sums)), inputRows, chosen, zeros[0], to);
            if (inOrder)
                weight.Gradient(outputGradient.Of(outputRows, new(Count, sums: sums)), inputRows[0], inputRows.Stride, zeros[0], toAgain);
        }

        Bits.Same(expected, gradient);
        if (inOrder)
            Bits.Same(expected, again);
    }

    private static void Fill(Rows rows, Draws draws)
    {
        rows.Reserve(Count);
        for (int row = 0; row < Count; row++)
            draws.Floats(rows.Columns).CopyTo(rows.Span(row));
    }
}
