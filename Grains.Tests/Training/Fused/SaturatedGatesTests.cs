using Orleans.Tbptt.Tests.Training.Reference;
using Orleans.Tbptt.Training.Fused;

namespace Orleans.Tbptt.Tests.Training.Fused;

/// <summary>Sums of gates far beyond what a sigmoid or an exponential resolves, as data that are not scaled give them.</summary>
public sealed class SaturatedGatesTests
{
    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("mingru")]
    [InlineData("minlstm")]
    [InlineData("slstm")]
    public void Gradient_IsFinite(string cell)
    {
        const float Factor = 1000;
        var example = new ReferenceCase(new NetworkKind(cell, 1, Tokens: false, Classes: false, 0), [13, 20, 7], lanes: 3, chunkLength: 8);
        using var replica = new FusedReplica(example.Model, example.Loss);
        replica.LoadParameters([.. example.Parameters.Select(parameter => Factor * parameter)]);
        float[] after = new float[example.HiddenBefore.Length], gradient = new float[example.Layout.Length];

        double loss = replica.ForwardBackward(example.Batch(0), example.Dropout(0), example.HiddenBefore, after, gradient);

        Assert.True(double.IsFinite(loss), $"the loss is {loss}");
        Assert.All(gradient, number => Assert.True(float.IsFinite(number)));
        Assert.Contains(gradient, number => number != 0);
    }
}
