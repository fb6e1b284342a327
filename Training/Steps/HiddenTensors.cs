using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// The hidden state of every lane in PyTorch's shape, <c>h</c> and whatever else the cell has (an LSTM: <c>c</c>), each
/// <c>[layers, lanes, hidden]</c>.
/// </summary>
public static class HiddenTensors
{
    /// <summary>Names, shapes and places of the tensors in the flat buffer that <see cref="Of"/> returns.</summary>
    public static IReadOnlyList<ParameterSlot> Slots(ModelSpec model, int lanes)
    {
        int[] shape = [model.Layers, lanes, model.HiddenSize];
        int length = model.Layers * lanes * model.HiddenSize;
        return [.. model.Cell.StateNames.Select((name, state) => new ParameterSlot(name, shape, state * length))];
    }

    /// <summary>The lane-major hidden state, <c>[lane][h, c][layer][unit]</c>, put in PyTorch's order.</summary>
    public static float[] Of(ModelSpec model, int lanes, ReadOnlySpan<float> hidden)
    {
        var values = new float[hidden.Length];
        foreach (var (lane, tensor) in Places(model, lanes))
            hidden.Slice(lane, model.HiddenSize).CopyTo(values.AsSpan(tensor));
        return values;
    }

    /// <summary>Puts tensors in PyTorch's order, as <see cref="Of"/> returns them, back into the lane-major hidden state.</summary>
    public static void ToLanes(ModelSpec model, int lanes, ReadOnlySpan<float> tensors, Span<float> hidden)
    {
        foreach (var (lane, tensor) in Places(model, lanes))
            tensors.Slice(tensor, model.HiddenSize).CopyTo(hidden[lane..]);
    }

    /// <summary>Where the units of each lane, state and layer begin: lane-major, and in PyTorch's order.</summary>
    private static IEnumerable<(int InLanes, int InTensors)> Places(ModelSpec model, int lanes)
    {
        int states = model.Cell.States, inLanes = 0;
        for (int lane = 0; lane < lanes; lane++)
        {
            for (int state = 0; state < states; state++)
            {
                for (int layer = 0; layer < model.Layers; layer++, inLanes += model.HiddenSize)
                    yield return (inLanes, ((state * model.Layers + layer) * lanes + lane) * model.HiddenSize);
            }
        }
    }
}
