using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>
/// Makes of the head's outputs what they predict (<see cref="LossSpec.Predictions"/>), in float32; numbers that add to the ones before them
/// are the product with a matrix of zeros and ones.
/// </summary>
/// <param name="graph">The graph.</param>
internal sealed class PredictionNodes(GraphWriter graph)
{
    /// <summary>Adds the nodes.</summary>
    /// <param name="loss">The loss that the head was trained with.</param>
    /// <param name="width">The head's outputs.</param>
    /// <param name="outputs">Their name, <c>[time, batch, width]</c>.</param>
    /// <returns>The name of what they predict, as values are trained on, of the same shape.</returns>
    public string Add(LossSpec loss, int width, string outputs)
    {
        IReadOnlyList<PredictedValue> own = loss.Predictions;
        PredictedValue[] values = [.. Enumerable.Range(0, width).Select(i => own[i % own.Count])];
        string result = outputs;
        foreach (var (link, type) in new[] { (OutputLink.Softplus, "Softplus"), (OutputLink.Sigmoid, "Sigmoid") })
        {
            if (values.All(one => one.Link != link))
                continue;
            string word = type.ToLowerInvariant();
            graph.Node(type, $"{word}_of_outputs", [outputs]);
            graph.Constant<bool>($"is_{word}", [.. values.Select(one => one.Link == link)], width);
            result = graph.Node("Where", $"{word}_or_outputs", [$"is_{word}", $"{word}_of_outputs", result]);
        }

        if (values.Any(one => one.Least != 0))
        {
            graph.Constant<float>("least", [.. values.Select(one => (float)one.Least)], width);
            result = graph.Node("Add", "at_least", [result, "least"]);
        }

        if (values.All(one => !one.AddsToPrevious))
            return result;
        var sums = new float[width * width];
        for (int to = 0, first = 0; to < width; to++)
        {
            first = values[to].AddsToPrevious ? first : to;
            for (int from = first; from <= to; from++)
                sums[(from * width) + to] = 1;
        }

        return graph.Node("MatMul", "predictions", [result, graph.Constant<float>("sums", sums, width, width)]);
    }
}
