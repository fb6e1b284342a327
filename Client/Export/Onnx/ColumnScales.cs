using static Onnx.TensorProto.Types;

namespace Orleans.Tbptt.Client.Export.Onnx;

/// <summary>
/// Standardises columns in float64, and brings outputs back. Where each series has its own scale, an input names the series of each row of
/// the batch, and one that was not trained on is refused when the graph runs: its number lies outside of the tables.
/// </summary>
/// <param name="graph">The graph.</param>
/// <param name="series">The series that have their own; empty where all have the same.</param>
internal sealed class ColumnScales(GraphWriter graph, IReadOnlyList<string> series)
{
    private string? _number;

    /// <summary><c>(x − mean) / deviation</c> of inputs; the values themselves where they are not scaled.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="values">Their values, <c>[time, batch, columns]</c>.</param>
    public string Scale(IReadOnlyList<ValueColumn> columns, string values) => columns.Any(one => one.Mean.Count == 0) ? values
        : graph.Node(
            "Div", "standardized", [
                graph.Node("Sub", "centred", [values, Table("input_means", columns, one => one.Mean)]),
                Table("input_deviations", columns, one => one.Deviation),
            ]);

    /// <summary><c>output × deviation + mean</c> of outputs; the outputs themselves where they are not scaled.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="outputs">The outputs, <c>[time, batch, columns]</c>.</param>
    public string ToUnits(IReadOnlyList<ValueColumn> columns, string outputs) => columns.Any(one => one.Mean.Count == 0) ? outputs
        : graph.Node(
            "Add", "in_units", [
                graph.Node("Mul", "widened", [outputs, Table("target_deviations", columns, one => one.Deviation)]),
                Table("target_means", columns, one => one.Mean),
            ]);

    /// <summary>A number of each column: <c>[columns]</c>, or <c>[batch, columns]</c> by the series of each row.</summary>
    private string Table(string name, IReadOnlyList<ValueColumn> columns, Func<ValueColumn, IReadOnlyList<double>> numbers)
    {
        if (series.Count == 0)
            return graph.Constant<double>(name, [.. columns.Select(one => numbers(one)[0])], columns.Count);
        string table = graph.Constant<double>(
            $"{name}_of_series", [.. Enumerable.Range(0, series.Count).SelectMany(i => columns.Select(one => numbers(one)[i]))],
            series.Count, columns.Count);
        _number ??= Number();
        graph.Node("Gather", name, [table, _number]);
        graph.Graph.Node[^1].Name = $"{name}_of_a_series_that_the_model_was_not_trained_on";
        return name;
    }

    private string Number()
    {
        graph.Input("series", DataType.String, "the series of each row of the batch: its scale is applied", GraphWriter.Any("batch"));
        return graph.Numbers("series_number", "series", [.. series.Index().Select(one => (one.Item, (long)one.Index))], series.Count);
    }
}
