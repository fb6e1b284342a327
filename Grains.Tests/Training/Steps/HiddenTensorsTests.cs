using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Steps;

public sealed class HiddenTensorsTests
{
    private const int Lanes = 5;

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("rnn")]
    [InlineData("slstm")]
    public void Tensors_HaveEachUnitAtItsPlace_AndComeBackToTheLanes(string cell)
    {
        var model = States.Spec(cell: TestChoices.Cell(cell)).Model;
        int states = model.Cell.States, units = model.HiddenSize, layers = model.Layers;
        float[] hidden = [.. Enumerable.Range(0, Lanes * states * layers * units).Select(value => (float)value)];

        float[] tensors = HiddenTensors.Of(model, Lanes, hidden);
        var back = new float[hidden.Length];
        HiddenTensors.ToLanes(model, Lanes, tensors, back);

        // [lane][h, c][layer][unit] becomes h[layer, lane, unit], c[layer, lane, unit].
        for (int state = 0; state < states; state++)
        {
            var slot = HiddenTensors.Slots(model, Lanes)[state];
            Assert.Equal([layers, Lanes, units], slot.Shape);
            Assert.Equal(
                hidden[((3 * states + state) * layers + 1) * units + 7],
                tensors[slot.Offset + (1 * Lanes + 3) * units + 7]);
        }

        Bits.Same(hidden, back);
    }
}
