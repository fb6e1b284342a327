using Orleans.Tbptt.Specs;
using static Onnx.TensorProto.Types;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>
/// The recurrent layers of a bidirectional model: no state goes in or out, because one direction begins at the end. Where that is, the
/// input <c>lengths</c> says for each sequence of the batch; outputs behind it are those of a layer that gives zeros.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="parameters">The model's parameters.</param>
/// <param name="model">The model.</param>
internal sealed class WholeSequenceLayers(GraphWriter graph, ModelParameters parameters, ModelSpec model)
{
    private const string Lengths = "lengths", Order = "time_batch_direction", Shape = "time_batch_units";

    /// <summary>Adds the input, and what all layers share.</summary>
    public void Begin()
    {
        graph.Input(Lengths, DataType.Int32, "the time steps of each sequence, 1 or more", GraphWriter.Any("batch"));

        // 0 is the size that there is.
        graph.Constant<long>(Shape, [0, 0, 2 * model.HiddenSize], 3);
    }

    /// <summary>Adds a layer: <c>[time, batch, inputs]</c> to <c>[time, batch, 2 × units]</c>.</summary>
    public string Add(OnnxOperator cell, int layer, string inputs)
    {
        string[] from =
        [
            inputs, parameters.AddGates(graph, $"rnn.weight_ih_l{layer}", cell.Gates, isBoth: true),
            parameters.AddGates(graph, $"rnn.weight_hh_l{layer}", cell.Gates, isBoth: true),
            parameters.AddBiases(graph, layer, cell.Gates, isBoth: true), Lengths,
        ];
        graph.Node(cell.Type, $"directions_l{layer}", from, [.. cell.Attributes(model.HiddenSize, isBoth: true)]);
        string turned = graph.Node(
            "Transpose", $"{Order}_l{layer}", [$"directions_l{layer}"], GraphWriter.Attribute("perm", [0L, 2, 1, 3]));
        return graph.Node("Reshape", $"outputs_l{layer}", [turned, Shape]);
    }
}

/// <summary>The attributes of a recurrent layer's node.</summary>
internal static class LayerAttributes
{
    /// <summary>The attributes of a cell's operator.</summary>
    /// <param name="cell">The operator.</param>
    /// <param name="units">Units of a direction.</param>
    /// <param name="isBoth">Whether the layer has both directions.</param>
    public static IEnumerable<global::Onnx.AttributeProto> Attributes(this OnnxOperator cell, int units, bool isBoth = false)
    {
        yield return GraphWriter.Attribute("hidden_size", units);
        if (isBoth)
            yield return GraphWriter.Attribute("direction", "bidirectional");
        if (cell.LinearBeforeReset)
            yield return GraphWriter.Attribute("linear_before_reset", 1);
        if (cell.Activation is { } activation)
            yield return GraphWriter.Attribute("activations", isBoth ? [activation, activation] : (string[])[activation]);
    }
}
