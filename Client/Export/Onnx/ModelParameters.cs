using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>A model's parameters by PyTorch's names, as ONNX has them.</summary>
/// <param name="model">The model.</param>
/// <param name="values">The parameters, in the order of <see cref="ParameterLayout"/>.</param>
internal sealed class ModelParameters(ModelSpec model, ReadOnlyMemory<float> values)
{
    private const string Reverse = "_reverse";

    private readonly ParameterLayout _layout = ParameterLayout.Of(model);

    /// <summary>Adds a parameter as it is.</summary>
    public string Add(GraphWriter graph, string name)
    {
        var slot = Slot(name);
        return graph.Constant(name, Values(slot), [.. slot.Shape.Select(size => (long)size)]);
    }

    /// <summary>Adds the head's weight, which may be an embedding's, with rows and columns exchanged.</summary>
    public string AddHead(GraphWriter graph, string name) => AddTransposed(graph, name, _layout.Head);

    /// <summary>Adds a weight with rows and columns exchanged.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="name">What it is called there.</param>
    /// <param name="parameter">The parameter.</param>
    public string AddTransposed(GraphWriter graph, string name, string parameter)
    {
        var slot = Slot(parameter);
        (int rows, int columns) = (slot.Shape[0], slot.Shape[1]);
        ReadOnlySpan<float> from = Values(slot);
        var to = new float[from.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                to[(column * rows) + row] = from[(row * columns) + column];
        }

        return graph.Constant(name, to, columns, rows);
    }

    /// <summary>
    /// Adds the weight of a recurrent layer, its gates in the operator's order: <c>[directions, gates × units, inputs]</c>.
    /// </summary>
    public string AddGates(GraphWriter graph, string name, IReadOnlyList<int> gates, bool isBoth = false)
    {
        var slot = Slot(name);
        float[] values = InOrder(slot, gates);
        if (isBoth)
            values = [.. values, .. InOrder(Slot(name + Reverse), gates)];
        return graph.Constant<float>(name, values, isBoth ? 2 : 1, slot.Shape[0], slot.Shape[1]);
    }

    /// <summary>
    /// Adds the hidden weight of a layer with a projection as one of what is projected, <c>weight_hh · weight_hr</c>, its gates in the
    /// operator's order: <c>[1, gates × units, units]</c>. Sums are in double precision.
    /// </summary>
    public string AddProjectedGates(GraphWriter graph, int layer, IReadOnlyList<int> gates)
    {
        var (hidden, projection) = (Slot($"rnn.weight_hh_l{layer}"), Slot($"rnn.weight_hr_l{layer}"));
        float[] left = InOrder(hidden, gates);
        ReadOnlySpan<float> right = Values(projection);
        (int outputs, int units) = (projection.Shape[0], projection.Shape[1]);
        var product = new float[hidden.Shape[0] * units];
        var sums = new double[units];
        for (int row = 0; row < hidden.Shape[0]; row++)
        {
            Array.Clear(sums);
            for (int i = 0; i < outputs; i++)
            {
                for (int unit = 0; unit < units; unit++)
                    sums[unit] += (double)left[(row * outputs) + i] * right[(i * units) + unit];
            }

            for (int unit = 0; unit < units; unit++)
                product[(row * units) + unit] = (float)sums[unit];
        }

        return graph.Constant<float>(hidden.Name, product, 1, hidden.Shape[0], units);
    }

    /// <summary>
    /// Adds the biases of a recurrent layer, of its inputs and of its hidden state: <c>[directions, 2 × gates × units]</c>.
    /// </summary>
    public string AddBiases(GraphWriter graph, int layer, IReadOnlyList<int> gates, bool isBoth = false)
    {
        string[] directions = isBoth ? ["", Reverse] : [""];
        float[] all =
        [
            .. directions.SelectMany(direction => (float[])
            [
                .. InOrder(Slot($"rnn.bias_ih_l{layer}{direction}"), gates), .. InOrder(Slot($"rnn.bias_hh_l{layer}{direction}"), gates),
            ]),
        ];
        return graph.Constant($"rnn.bias_l{layer}", all, directions.Length, all.Length / directions.Length);
    }

    private float[] InOrder(ParameterSlot slot, IReadOnlyList<int> gates)
    {
        int length = slot.Length / gates.Count;
        var ordered = new float[slot.Length];
        foreach (var (place, gate) in gates.Index())
            Values(slot).Slice(gate * length, length).CopyTo(ordered.AsSpan(place * length));
        return ordered;
    }

    private ParameterSlot Slot(string name) => _layout.Slots.Single(slot => slot.Name == name);

    private ReadOnlySpan<float> Values(ParameterSlot slot) => values.Span.Slice(slot.Offset, slot.Length);
}
