using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// The hidden state of every lane in PyTorch's shape, <c>h</c> and whatever else the cell has (an LSTM: <c>c</c>), each
/// <c>[layers, lanes, hidden]</c>, and <c>h</c> of a projection <c>[layers, lanes, projection]</c>.
/// </summary>
public static class HiddenTensors
{
    /// <summary>Names, shapes and places of the tensors in the flat buffer that <see cref="Of"/> returns.</summary>
    public static IReadOnlyList<ParameterSlot> Slots(ModelSpec model, int lanes)
    {
        var layout = new HiddenLayout(model);
        return
        [
            .. model.Cell.StateNames.Select((name, state) => new ParameterSlot(
                name, [model.Layers, lanes, layout.Width(state)], checked(lanes * layout.Offset(state, 0)))),
        ];
    }

    /// <summary>The lane-major hidden state, <c>[lane][h, c][layer][unit]</c>, put in PyTorch's order.</summary>
    public static float[] Of(ModelSpec model, int lanes, ReadOnlySpan<float> hidden)
    {
        var values = new float[hidden.Length];
        foreach (var (lane, tensor, length) in Places(model, lanes))
            hidden.Slice(lane, length).CopyTo(values.AsSpan(tensor));
        return values;
    }

    /// <summary>Puts tensors in PyTorch's order, as <see cref="Of"/> returns them, back into the lane-major hidden state.</summary>
    public static void ToLanes(ModelSpec model, int lanes, ReadOnlySpan<float> tensors, Span<float> hidden)
    {
        foreach (var (lane, tensor, length) in Places(model, lanes))
            tensors.Slice(tensor, length).CopyTo(hidden[lane..]);
    }

    /// <summary>Where the units of each lane, state and layer begin, lane-major and in PyTorch's order, and how many they are.</summary>
    private static IEnumerable<(int InLanes, int InTensors, int Length)> Places(ModelSpec model, int lanes)
    {
        var layout = new HiddenLayout(model);
        for (int lane = 0; lane < lanes; lane++)
        {
            for (int state = 0; state < layout.States; state++)
            {
                int width = layout.Width(state), first = lanes * layout.Offset(state, 0);
                for (int layer = 0; layer < layout.Layers; layer++)
                    yield return ((lane * layout.Length) + layout.Offset(state, layer), first + (((layer * lanes) + lane) * width), width);
            }
        }
    }
}
