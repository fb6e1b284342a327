using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>The hidden state of every lane in PyTorch's shape, <c>h</c> and, for an LSTM, <c>c</c>, each <c>[layers, lanes, hidden]</c>.</summary>
public static class HiddenTensors
{
    private static readonly string[] Names = ["h", "c"];

    /// <summary>Names, shapes and places of the tensors in the flat buffer that <see cref="Of"/> returns.</summary>
    public static IReadOnlyList<ParameterSlot> Slots(ModelSpec model, int lanes)
    {
        int[] shape = [model.Layers, lanes, model.HiddenSize];
        int length = model.Layers * lanes * model.HiddenSize;
        return [.. Names.Take(ParameterLayout.States(model.Cell)).Select((name, state) => new ParameterSlot(name, shape, state * length))];
    }

    /// <summary>The lane-major hidden state, <c>[lane][h, c][layer][unit]</c>, put in PyTorch's order.</summary>
    public static float[] Of(ModelSpec model, int lanes, ReadOnlySpan<float> hidden)
    {
        int states = ParameterLayout.States(model.Cell), units = model.HiddenSize;
        var values = new float[hidden.Length];
        int from = 0;
        for (int lane = 0; lane < lanes; lane++)
        {
            for (int state = 0; state < states; state++)
            {
                for (int layer = 0; layer < model.Layers; layer++, from += units)
                    hidden.Slice(from, units).CopyTo(values.AsSpan(((state * model.Layers + layer) * lanes + lane) * units));
            }
        }

        return values;
    }
}
