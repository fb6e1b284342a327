using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Training;

public sealed class EarlyStoppingTests
{
    [Theory]
    [InlineData(1, 0.0, null, 3.0, 2.0, 1.0)]
    [InlineData(1, 0.0, 2, 3.0, 3.0)]
    [InlineData(2, 0.0, null, 3.0, 3.0, 2.0, 2.0, 1.0)]
    [InlineData(2, 0.0, 5, 3.0, 3.0, 2.0, 2.5, 2.0, 0.0)]
    [InlineData(2, 0.5, 3, 3.0, 2.5, 2.5)] // Lower by minDelta is not by more than it.
    [InlineData(2, 0.5, null, 3.0, 2.75, 2.25)] // Of the lowest loss that counted, not of the last one.
    [InlineData(2, 0.0, 2, double.NaN, double.NaN)]
    public void Run_EndsAfterTheEpoch_ThatExhaustsThePatience(int patience, double minDelta, int? end, params double[] losses)
    {
        var stopping = new EarlyStoppingSpec { Patience = patience, MinDelta = minDelta };

        Assert.Equal(end, stopping.EndsAfter(losses));
        for (int epochs = 0; epochs < end; epochs++)
            Assert.Null(stopping.EndsAfter(losses[..epochs]));
    }

    [Fact]
    public void Reason_NamesTheEpochOfTheLowestLoss_AndThereIsNoneAtTheLastEpoch()
    {
        var stopping = new EarlyStoppingSpec { Patience = 2 };

        Assert.Equal(
            "ended early after epoch 4 of 9 by train.earlyStopping, because the lowest validation loss is 0.25, of epoch 2",
            stopping.ReasonToEnd([0.5, 0.25, 0.75, 0.25], 9, "validation"));
        Assert.Null(stopping.ReasonToEnd([0.5, 0.25, 0.75, 0.25], 4, "validation"));
        Assert.EndsWith(
            "because no loss was a number", stopping.ReasonToEnd([double.NaN, double.NaN], 9, "training"), StringComparison.Ordinal);
    }
}
