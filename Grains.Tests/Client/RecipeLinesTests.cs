using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Tests.Specs;

namespace Orleans.Tbptt.Tests.Client;

public sealed class RecipeLinesTests
{
    [Fact]
    public void Lines_SayWhatTheRecipeDoes_AndNothingWithoutOne()
    {
        Assert.Empty(RecipeLines.Of(SpecFixture.Sound(SpecFixture.Sine), 75));

        Assert.Equal(
            [
                "updates     19 per epoch, each of the gradients of 4 steps",
                "average     exponential, decay 0.99 with warmup, kept in checkpoints alone",
                "output      the epoch with the lowest validation loss",
                "ends        when the validation loss has not become lower by more than 0.1 in 3 epochs; is stopped after 1,000 steps; is "
                    + "stopped after 2:00:00",
            ],
            RecipeLines.Of(
                SpecFixture.Sound(
                    SpecFixture.Sine, "train.accumulate=4", "train.ema={decay: 0.99, warmup: true}", "train.output=best",
                    "data.validationFraction=0.5", "train.earlyStopping={patience: 3, minDelta: 0.1}",
                    "limits={steps: 1000, duration: 2h}"),
                75));
        Assert.Equal(
            [
                "average     from the epoch on whose loss is higher than the lowest before the last 5, which is evaluated",
                "output      the average after the last step",
            ],
            RecipeLines.Of(SpecFixture.Sound(SpecFixture.Sine, "train.optimizer={name: sgd, lr: 1, average: {}}"), 75));
    }
}
