using Orleans.Tbptt.Grains.Steps;
using Orleans.Tbptt.Messages;

namespace Orleans.Tbptt.Tests.Grains.Steps;

public sealed class OpinionTests
{
    [Theory]
    [InlineData(0x7FC00000u, 0xFFC00001u, "")]
    [InlineData(0x7FC00000u, 0x3F800000u, "gradient sums")]
    [InlineData(0x3F800000u, 0x3F800001u, "gradient sums")]
    public void Unlike_TakesEveryNaNAsTheSame(uint one, uint other, string unlike)
    {
        using Opinion first = Of(one), second = Of(other);

        Assert.Equal(unlike, first.Unlike(second));
    }

    /// <summary>More values than are hashed at a time.</summary>
    private static Opinion Of(uint bits)
    {
        float[] values = [.. Enumerable.Range(0, 300).Select(index => (float)index), BitConverter.UInt32BitsToSingle(bits)];
        var opinion = new Opinion();
        opinion.Add(new([GradientBuffer.Wrap(values)]));
        opinion.Close([]);
        return opinion;
    }
}
